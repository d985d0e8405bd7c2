/**
 * Which part of the graph xyflow is given: what is seen and as much again around it.
 *
 * All that xyflow does for each node and wire it knows, on every move, it then does for a few
 * hundred, however large the graph is.
 */
import { grown, holds, touches, type Box } from "../../model/layout/boxes";
import type { Scene } from "./scene";
import { seenBox, type Sight } from "./view";

/** How much around what is seen, as a share of its longer side. */
const AROUND = 0.5;
/** A window this many times larger than needed is given up: the view has come nearer. */
const TOO_LARGE = 5;

/** The window for what is seen now: the one there is, as long as it holds. */
export function windowFor(sight: Sight, old: Box | null): Box {
  const seen = seenBox(sight);
  const side = longerSide(seen);
  const holdsStill = old && holds(old, seen) && longerSide(old) < TOO_LARGE * side;
  return holdsStill ? old : grown(seen, AROUND * side);
}

function longerSide({ left, top, right, bottom }: Box): number {
  return Math.max(right - left, bottom - top);
}

export interface Part {
  /** Ids of nodes, keys of frames and notes. */
  readonly items: ReadonlySet<string>;
  readonly wires: ReadonlySet<string>;
}

/** What touches a window, and the nodes at both ends of wires that do. */
export function partIn({ nodes, wires, frames, notes }: Scene, window: Box): Part {
  const items = new Set<string>();
  const within = new Set<string>();
  for (const { id, box } of nodes) if (touches(box, window)) items.add(id);
  for (const { key, box } of [...frames, ...notes]) if (touches(box, window)) items.add(key);
  for (const { key, box, wire } of wires) {
    if (!touches(box, window)) continue;
    within.add(key);
    items.add(wire.from[0]).add(wire.to[0]);
  }
  return { items, wires: within };
}
