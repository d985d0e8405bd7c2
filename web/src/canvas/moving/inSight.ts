import type { Point } from "../../model/document/document";
import { grown, holds, moved, type Box } from "../../model/layout/boxes";

/** Pixels that nobody sees, and that fractions add up to. */
const SLACK = 0.5;

/**
 * The shortest way, in pixels, on which a box comes inside `seen` and under none of `covers`;
 * `[0, 0]` for one that is there. Of a box that is larger than what is seen, the upper left is
 * shown; one that finds no free place is at least inside.
 */
export function wayIntoSight(box: Box, seen: Box, covers: readonly Box[]): Point {
  const inside: Point = [shift(box.left, box.right, seen.left, seen.right), shift(box.top, box.bottom, seen.top, seen.bottom)];
  const isFree = (way: Point): boolean => !covers.some((cover) => overlap(moved(box, way), cover));
  if (isFree(inside)) return inside;
  const beside = covers.flatMap(({ left, right }) => [left - box.right, right - box.left]);
  const beyond = covers.flatMap(({ top, bottom }) => [top - box.bottom, bottom - box.top]);
  const ways = [inside[0], ...beside].flatMap((x) => [inside[1], ...beyond].map((y): Point => [x, y]));
  const fitting = ways.filter((way) => holds(grown(seen, SLACK), moved(box, way)) && isFree(way));
  return fitting.toSorted((a, b) => length(a) - length(b))[0] ?? inside;
}

/** How far a span has to move to be inside another. */
function shift(low: number, high: number, least: number, most: number): number {
  if (low < least || high - low > most - least) return least - low;
  return Math.min(0, most - high);
}

function overlap(one: Box, other: Box): boolean {
  const { left, top, right, bottom } = grown(other, -SLACK);
  return one.left < right && one.right > left && one.top < bottom && one.bottom > top;
}

function length([x, y]: Point): number {
  return Math.abs(x) + Math.abs(y);
}
