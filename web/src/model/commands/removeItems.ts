import type { NodeId } from "../document";
import type { Command } from "../history";

/** Delete nodes with all their wires, and single wires by key. */
export const removeItems: Command<{ nodes: readonly NodeId[]; wires: readonly string[] }> = {
  name: "removeItems",
  change(draft, { nodes, wires }) {
    const gone = new Set(nodes);
    for (const [key, wire] of Object.entries(draft.graph.wires)) {
      if (gone.has(wire.from[0]) || gone.has(wire.to[0])) draft.set(["wires", key], undefined);
    }
    for (const key of wires) draft.set(["wires", key], undefined);
    for (const id of gone) draft.set(["nodes", id], undefined);
  },
};
