/**
 * The course of a wire: from its source through its knots to its target, in cubic curves.
 *
 * Wires leave outputs to the right and enter inputs from the left, so every curve starts and ends
 * level. What is drawn, what a stroke cuts and what a pointer hits are all read from here.
 */
import type { Box } from "../layout/boxes";
import type { Point } from "../document/document";

export interface Curve {
  readonly from: Point;
  /** The two control points. */
  readonly out: Point;
  readonly in: Point;
  readonly to: Point;
}

const CURVATURE = 0.35;
/** Straight pieces that stand for a curve where it is cut or hit: ends within half a pixel of it. */
const PIECES = 16;

/** The curves between consecutive points. */
export function wireCurves(from: Point, knots: readonly Point[], to: Point): Curve[] {
  const points = [from, ...knots, to];
  return points.slice(1).map((end, index) => curve(points[index] ?? from, end));
}

function curve(from: Point, to: Point): Curve {
  const reach = slack(to[0] - from[0]);
  return { from, out: [from[0] + reach, from[1]], in: [to[0] - reach, to[1]], to };
}

/** How far a curve runs level: half the way, or a loop where the target lies to the left. */
function slack(distance: number): number {
  return distance >= 0 ? 0.5 * distance : CURVATURE * 25 * Math.sqrt(-distance);
}

/** As an SVG path. */
export function pathOf(curves: readonly Curve[]): string {
  const [first] = curves;
  if (!first) return "";
  return `M${first.from.join(" ")}${curves.map((part) => `C${[...part.out, ...part.in, ...part.to].join(" ")}`).join("")}`;
}

/** The point of a curve at `t` from 0 to 1. */
export function pointAt({ from, out, in: back, to }: Curve, t: number): Point {
  const s = 1 - t;
  const [a, b, c, d] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
  return [
    a * from[0] + b * out[0] + c * back[0] + d * to[0],
    a * from[1] + b * out[1] + c * back[1] + d * to[1],
  ];
}

/** The middle of a wire, where its menu or a mark may stand. */
export function middleOf(curves: readonly Curve[]): Point {
  const part = curves[Math.floor(curves.length / 2)];
  if (!part) return [0, 0];
  return curves.length % 2 ? pointAt(part, 0.5) : part.from;
}

/** A box that holds all curves: that of their control points. */
export function curvesBox(curves: readonly Curve[]): Box {
  const points = curves.flatMap((part) => [part.from, part.out, part.in, part.to]);
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
}

/** Straight pieces along a curve. */
function polyline(part: Curve): Point[] {
  return Array.from({ length: PIECES + 1 }, (_, index) => pointAt(part, index / PIECES));
}

export interface Near {
  readonly distance: number;
  /** Which curve of the wire is nearest: a new knot goes to this place among the knots. */
  readonly part: number;
}

/** How far a point is from a wire, and from which part of it. */
export function nearness(curves: readonly Curve[], point: Point): Near {
  let best: Near = { distance: Infinity, part: 0 };
  for (const [part, item] of curves.entries()) {
    const line = polyline(item);
    for (let index = 1; index < line.length; index++) {
      const distance = toSegment(point, line[index - 1] ?? point, line[index] ?? point);
      if (distance < best.distance) best = { distance, part };
    }
  }
  return best;
}

/** Whether a stroke of straight pieces crosses a wire. */
export function crosses(curves: readonly Curve[], stroke: readonly Point[]): boolean {
  return curves.some((part) => {
    const line = polyline(part);
    return stroke.some((end, at) => {
      const start = stroke[at - 1];
      return start !== undefined && line.some((b, index) => index > 0 && segmentsCross(start, end, line[index - 1] ?? b, b));
    });
  });
}

function toSegment([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / length));
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}

/** Whether two straight pieces have a point in common. */
export function segmentsCross(a: Point, b: Point, c: Point, d: Point): boolean {
  const [abc, abd] = [turn(a, b, c), turn(a, b, d)];
  const [cda, cdb] = [turn(c, d, a), turn(c, d, b)];
  if (abc !== abd && cda !== cdb) return true;
  return (
    (abc === 0 && within(a, b, c)) ||
    (abd === 0 && within(a, b, d)) ||
    (cda === 0 && within(c, d, a)) ||
    (cdb === 0 && within(c, d, b))
  );
}

function turn([ax, ay]: Point, [bx, by]: Point, [cx, cy]: Point): number {
  return Math.sign((bx - ax) * (cy - ay) - (by - ay) * (cx - ax));
}

/** Whether a point on the line through `a` and `b` lies between them. */
function within([ax, ay]: Point, [bx, by]: Point, [x, y]: Point): boolean {
  return Math.min(ax, bx) <= x && x <= Math.max(ax, bx) && Math.min(ay, by) <= y && y <= Math.max(ay, by);
}
