import { isBorder } from "../subgraphs/border";
import type { NodeId, WorkflowNode } from "../document/document";
import type { Command } from "../document/history";

type Field = "title" | "mode" | "collapsed" | "size" | "color";

export interface NodeFieldChange<F extends Field = Field> {
  readonly nodes: readonly NodeId[];
  readonly field: F;
  /** `undefined` takes the field away. */
  readonly value: WorkflowNode[F] | undefined;
}

/** Rename, mute, bypass, collapse or resize nodes. */
export const setNodeField: Command<NodeFieldChange> = {
  name: "setNodeField",
  change(draft, { nodes, field, value }) {
    const looks = field === "size" || field === "collapsed" || field === "color";
    for (const id of nodes)
      if (Object.hasOwn(draft.graph.nodes, id) && (looks || !isBorder(id))) draft.set(["nodes", id, field], value);
  },
};
