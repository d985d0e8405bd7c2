import type { NodeId, Point } from "../document";
import type { Command } from "../history";

/** Give nodes a new place. */
export const moveNodes: Command<Readonly<Record<NodeId, Point>>> = {
  name: "moveNodes",
  change(draft, places) {
    for (const [id, at] of Object.entries(places)) {
      const node = draft.graph.nodes[id];
      if (node && (node.at[0] !== at[0] || node.at[1] !== at[1])) draft.set(["nodes", id, "at"], at);
    }
  },
};
