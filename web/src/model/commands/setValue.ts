import type { Json, NodeId, SeedControl } from "../document";
import type { Command } from "../history";

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
