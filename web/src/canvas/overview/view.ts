/** Which part of the canvas is seen, how large, and on how fine a screen. */
import type { Box } from "../../model/layout/boxes";

/** Where the canvas is on the screen: a point at `p` is drawn at `p * zoom + (x, y)`. */
export interface Sight {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
  /** Of the surface, in CSS pixels. */
  readonly width: number;
  readonly height: number;
}

export const LEAST_ZOOM = 0.02;
export const MOST_ZOOM = 2.5;

/** Below this zoom texts are too small to be read, and the graph is painted. */
export const FAR = 0.4;
/** Above this zoom there are nodes again: the gap keeps both from alternating. */
export const NEAR = 0.46;

/** The part of the canvas that is seen. */
export function seenBox({ x, y, zoom, width, height }: Sight): Box {
  return { left: -x / zoom, top: -y / zoom, right: (width - x) / zoom, bottom: (height - y) / zoom };
}
