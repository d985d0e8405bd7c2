/** Frames: what stands on them, and how large they must be for it. */
import { around, boxAt, centreOf, frameKey, holds, holdsPoint, type Box, type ItemKey } from "./boxes";
import type { Frame, Graph, Point } from "../document/document";
import { GRID } from "./geometry";

/** Room around what is framed, and above it for the title. */
const MARGIN = GRID;
const TITLE = 2 * GRID;
export const SMALLEST_FRAME: Point = [6 * GRID, 4 * GRID];

/** Place and size of a frame around boxes, on the grid. */
export function frameAround(boxes: Iterable<Box>): Pick<Frame, "at" | "size"> | null {
  const all = around(boxes);
  if (!all) return null;
  const left = down(all.left - MARGIN);
  const top = down(all.top - TITLE);
  return { at: [left, top], size: [up(all.right + MARGIN) - left, up(all.bottom + MARGIN) - top] };
}

/**
 * The things that a frame carries: nodes and notes whose middle is on it, and frames wholly on it.
 *
 * `boxes` are those of all things on the canvas, by their keys.
 */
export function carriedBy(graph: Graph, frame: string, boxes: ReadonlyMap<ItemKey, Box>): ItemKey[] {
  const base = graph.frames[frame];
  if (!base) return [];
  const box = boxAt(base.at, base.size);
  const itself = frameKey(frame);
  return [...boxes].flatMap(([key, item]) => {
    if (key === itself) return [];
    const on = key.startsWith("frame/") ? holds(box, item) && !same(box, item) : holdsPoint(box, centreOf(item));
    return on ? [key] : [];
  });
}

/** Of two frames of the same box neither carries the other, else they would carry each other. */
function same(a: Box, b: Box): boolean {
  return holds(a, b) && holds(b, a);
}

function down(value: number): number {
  return Math.floor(value / GRID) * GRID;
}

function up(value: number): number {
  return Math.ceil(value / GRID) * GRID;
}
