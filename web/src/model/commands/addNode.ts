import type { NodeId, WorkflowNode } from "../document/document";
import type { Command } from "../document/history";

export interface NewNode {
  readonly id: NodeId;
  readonly node: WorkflowNode;
}

/** Put a node on the canvas. The id must be free: `freshIds` makes such. */
export const addNode: Command<NewNode> = {
  name: "addNode",
  change(draft, { id, node }) {
    if (draft.graph.nodes[id]) throw new Error(`There is a node ${id} already.`);
    draft.set(["nodes", id], node);
  },
};
