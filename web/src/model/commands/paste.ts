import { wireKey, type Frame, type Graph, type NodeId, type Note, type Subgraph, type Wire, type WorkflowNode } from "../document/document";
import type { Command } from "../document/history";
import { isNoPlace } from "./connect";

/** Nodes with free ids and wires among them (or from nodes that are there already). */
export interface Pasted {
  readonly nodes: Readonly<Record<NodeId, WorkflowNode>>;
  readonly wires: readonly Wire[];
  readonly frames?: Readonly<Record<string, Frame>>;
  readonly notes?: Readonly<Record<string, Note>>;
  /** Definitions that the nodes need and the document does not have. */
  readonly subgraphs?: Readonly<Record<string, Subgraph>>;
}

/** Put several nodes and their wires on the canvas in one step. */
export const paste: Command<Pasted> = {
  name: "paste",
  change(draft, { nodes, wires, frames = {}, notes = {}, subgraphs = {} }) {
    for (const [id, definition] of Object.entries(subgraphs)) {
      if (Object.hasOwn(draft.document.subgraphs, id)) throw new Error(`There is a subgraph ${id} already.`);
      draft.setInDocument(["subgraphs", id], definition);
    }
    for (const [kind, items] of Object.entries({ nodes, frames, notes })) {
      const there = draft.graph[kind as "nodes"];
      for (const [id, item] of Object.entries(items)) {
        if (Object.hasOwn(there, id)) throw new Error(`There is ${id} among the ${kind} already.`);
        draft.set([kind, id], item);
      }
    }
    for (const wire of wires)
      if (endsExist(draft.graph, wire) && !isNoPlace(draft.graph, wire)) draft.set(["wires", wireKey(wire.to)], wire);
  },
};

function endsExist({ nodes }: Graph, { from, to }: Wire): boolean {
  return Object.hasOwn(nodes, from[0]) && Object.hasOwn(nodes, to[0]);
}
