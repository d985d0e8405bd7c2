/**
 * Alignment guides: while something is moved, its edges and middles catch on those of others.
 *
 * Everything that depends on the others is sorted once when a drag begins; each move then asks
 * by binary search, so that it costs the same among ten nodes and among thousands.
 */
import { centreOf, moved, type Box } from "./boxes";
import type { Point } from "../document/document";

/** A line to be drawn: `x` guides stand upright at `at`, `y` guides lie; from one end to the other. */
export interface Guide {
  readonly axis: "x" | "y";
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

export interface Snapped {
  /** How much further to move, so that something is in line. */
  readonly by: Point;
  readonly guides: readonly Guide[];
}

/** A line that something may catch on, and how far the box it belongs to reaches along it. */
interface Line {
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

export class Guides {
  readonly #upright: readonly Line[];
  readonly #lying: readonly Line[];

  constructor(others: Iterable<Box>) {
    const boxes = [...others];
    this.#upright = sorted(boxes.flatMap((box) => uprights(box).map((at) => ({ at, from: box.top, to: box.bottom }))));
    this.#lying = sorted(boxes.flatMap((box) => lyings(box).map((at) => ({ at, from: box.left, to: box.right }))));
  }

  /** Where a box catches within a distance, each direction by itself. */
  snap(box: Box, within: number): Snapped {
    const x = nearest(this.#upright, uprights(box), within) ?? 0;
    const y = nearest(this.#lying, lyings(box), within) ?? 0;
    const there = moved(box, [x, y]);
    return { by: [x, y], guides: this.touching(there) };
  }

  /** The guides through a box's edges and middles where it is. */
  touching(box: Box): Guide[] {
    const { left, top, right, bottom } = box;
    return [
      ...uprights(box).flatMap((at) => spanned("x", at, lines(this.#upright, at), top, bottom)),
      ...lyings(box).flatMap((at) => spanned("y", at, lines(this.#lying, at), left, right)),
    ];
  }
}

/** Left, middle, right. */
function uprights(box: Box): number[] {
  return [box.left, centreOf(box)[0], box.right];
}

/** Top, middle, bottom. */
function lyings(box: Box): number[] {
  return [box.top, centreOf(box)[1], box.bottom];
}

function sorted(all: Line[]): Line[] {
  return all.toSorted((a, b) => a.at - b.at);
}

/** The index of the first line at or after a place. */
function firstFrom(all: readonly Line[], at: number): number {
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((all[middle]?.at ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The smallest step that brings one of some places onto a line; `null` if all are too far. */
function nearest(all: readonly Line[], places: readonly number[], within: number): number | null {
  let best: number | null = null;
  for (const place of places) {
    const index = firstFrom(all, place);
    for (const line of [all[index - 1], all[index]]) {
      const step = line ? line.at - place : Infinity;
      if (Math.abs(step) <= within && Math.abs(step) < Math.abs(best ?? Infinity)) best = step;
    }
  }
  return best;
}

/** Places closer than this are the same: coordinates are halves and quarters of pixels. */
const SAME = 0.01;

function lines(all: readonly Line[], at: number): Line[] {
  const found: Line[] = [];
  for (let index = firstFrom(all, at - SAME); index < all.length; index++) {
    const line = all[index];
    if (!line || line.at > at + SAME) break;
    found.push(line);
  }
  return found;
}

function spanned(axis: Guide["axis"], at: number, found: readonly Line[], from: number, to: number): Guide[] {
  if (found.length === 0) return [];
  return [{ axis, at, from: Math.min(from, ...found.map((line) => line.from)), to: Math.max(to, ...found.map((line) => line.to)) }];
}
