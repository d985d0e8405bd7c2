/** Where a node's toolbar is, so that all of it can be seen. */
import { useLayoutEffect, useRef, type RefObject } from "react";
import { useGraph, useView } from "../../state/context";

/** Upper and lower edge, in pixels of the screen. */
interface Rise {
  readonly top: number;
  readonly bottom: number;
}

export type Side = "above" | "below" | "over";

/** Left and right edge, in pixels of the screen. */
interface Span {
  readonly left: number;
  readonly right: number;
}

/** Between the bar and the edge of the canvas, in pixels. */
const MARGIN = 6;

/**
 * How far a bar of a width, which ends where its node ends, has to move to the right (below 0: to
 * the left) to be inside the canvas. That of a node out of sight stays with its node.
 */
export function shiftInside(node: Span, width: number, canvas: Span): number {
  if (node.right <= canvas.left || node.left >= canvas.right) return 0;
  const right = Math.min(node.right, canvas.right - MARGIN);
  return Math.max(right, canvas.left + MARGIN + width) - node.right;
}

/** On which side of its node a bar of a height can be seen; above it wherever there is room. */
export function sideOf(node: Rise, height: number, canvas: Rise): Side {
  if (node.top - height >= canvas.top || node.bottom <= canvas.top || node.top >= canvas.bottom) return "above";
  return node.bottom + height <= canvas.bottom ? "below" : "over";
}

/** Keeps the bar that it is given to inside the canvas, wherever its node and the view come to rest. */
export function useInsideCanvas(id: string): RefObject<HTMLDivElement | null> {
  const bar = useRef<HTMLDivElement>(null);
  // What moves it: measured again whenever one of them has changed.
  useView((state) => state.viewport);
  useGraph((graph) => graph.nodes[id]?.at);
  useLayoutEffect(() => {
    const node = bar.current?.offsetParent;
    const canvas = node?.closest(".react-flow")?.getBoundingClientRect();
    if (!bar.current || !(node instanceof HTMLElement) || !canvas) return;
    const box = node.getBoundingClientRect();
    const zoom = box.width / node.offsetWidth || 1;
    const { width, height } = bar.current.getBoundingClientRect();
    const shift = shiftInside(box, width, canvas);
    bar.current.style.right = `${-shift / zoom}px`;
    bar.current.dataset["side"] = sideOf(box, height, canvas);
    bar.current.style.setProperty("--over", `${(canvas.top + MARGIN - box.top) / zoom}px`);
  });
  return bar;
}
