import { wireKey, type Graph, type NodeId, type Wire, type WorkflowNode } from "../document";
import type { Command } from "../history";

/** Nodes with free ids and wires among them (or from nodes that are there already). */
export interface Pasted {
  readonly nodes: Readonly<Record<NodeId, WorkflowNode>>;
  readonly wires: readonly Wire[];
}

/** Put several nodes and their wires on the canvas in one step. */
export const paste: Command<Pasted> = {
  name: "paste",
  change(draft, { nodes, wires }) {
    for (const [id, node] of Object.entries(nodes)) {
      if (draft.graph.nodes[id]) throw new Error(`There is a node ${id} already.`);
      draft.set(["nodes", id], node);
    }
    for (const wire of wires)
      if (endsExist(draft.graph, wire)) draft.set(["wires", wireKey(wire.to)], wire);
  },
};

function endsExist(graph: Graph, wire: Wire): boolean {
  return Boolean(graph.nodes[wire.from[0]] && graph.nodes[wire.to[0]]);
}
