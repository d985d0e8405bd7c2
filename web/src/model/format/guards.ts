/** What data from files and other programs may turn out to be. */
import type { Point, PortRef } from "../document/document";

export function isRecord(data: unknown): data is Record<string, unknown> {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}

export function isPoint(data: unknown): data is Point {
  return Array.isArray(data) && data.length === 2 && data.every((part) => Number.isFinite(part));
}

/** How far out things may be, in pixels: further, browsers cannot draw any more. */
const FURTHEST = 1e6;

/** A place that can be drawn: the point itself, or the nearest that is not too far out. */
export function within(point: Point): Point {
  const [x, y] = point;
  return Math.max(Math.abs(x), Math.abs(y)) <= FURTHEST ? point : [held(x), held(y)];
}

function held(part: number): number {
  return Math.max(-FURTHEST, Math.min(FURTHEST, part));
}

export function isPortRef(data: unknown): data is PortRef {
  return Array.isArray(data) && data.length === 2 && data.every((part) => typeof part === "string");
}
