import { isBorder } from "../subgraphs/border";
import type { NodeId } from "../document/document";
import type { Command } from "../document/history";

export interface Removed {
  readonly nodes?: readonly NodeId[];
  /** By key. */
  readonly wires?: readonly string[];
  readonly frames?: readonly string[];
  readonly notes?: readonly string[];
}

/** Delete nodes with all their wires, single wires, frames (what stands on them stays) and notes. */
export const removeItems: Command<Removed> = {
  name: "removeItems",
  change(draft, { nodes = [], wires = [], frames = [], notes = [] }) {
    const gone = new Set(nodes.filter((id) => !isBorder(id)));
    for (const [key, wire] of Object.entries(draft.graph.wires)) {
      if (gone.has(wire.from[0]) || gone.has(wire.to[0])) draft.set(["wires", key], undefined);
    }
    for (const key of wires) draft.set(["wires", key], undefined);
    for (const id of gone) draft.set(["nodes", id], undefined);
    for (const id of frames) draft.set(["frames", id], undefined);
    for (const id of notes) draft.set(["notes", id], undefined);
  },
};
