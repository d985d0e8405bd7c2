import type { Json, NodeId, SeedControl } from "../document/document";
import type { Command } from "../document/history";

export interface ValueChange {
  readonly node: NodeId;
  readonly port: string;
  readonly value: Json;
}

/** Give widgets values. */
export const setValue: Command<readonly ValueChange[]> = {
  name: "setValue",
  change(draft, changes) {
    for (const { node, port, value } of changes)
      if (draft.graph.nodes[node]) draft.set(["nodes", node, "values", port], value);
  },
};

/** A new seed; `subgraph` is the definition that the node is in, `""` the document's own graph. */
export interface SeedDrawn extends ValueChange {
  readonly subgraph: string;
}

/** Set the seeds that were drawn for a run. */
export const setSeeds: Command<readonly SeedDrawn[]> = {
  name: "setSeeds",
  change(draft, seeds) {
    for (const { subgraph, node, port, value } of seeds) {
      const path = subgraph ? ["subgraphs", subgraph] : [];
      const graph = subgraph ? draft.document.subgraphs[subgraph] : draft.document;
      if (graph && Object.hasOwn(graph.nodes, node)) draft.setInDocument([...path, "nodes", node, "values", port], value);
    }
  },
};

export interface ControlChange {
  readonly node: NodeId;
  readonly port: string;
  readonly control: SeedControl;
}

/** Say what happens to a seed before each run. */
export const setControl: Command<ControlChange> = {
  name: "setControl",
  change(draft, { node, port, control }) {
    if (draft.graph.nodes[node]) draft.set(["nodes", node, "controls", port], control);
  },
};
