/** Lining things up and spacing them out. Boxes in, new places out; what stays is left out. */
import { around, type Box, type ItemKey } from "./boxes";
import type { Point } from "../document/document";
import { GRID } from "./geometry";

export type Edge = "left" | "right" | "top" | "bottom" | "centre" | "middle";
export type Boxes = ReadonlyMap<ItemKey, Box>;
export type Places = Readonly<Record<ItemKey, Point>>;

/** Bring an edge or the middle of all boxes into one line: that of the box around them. */
export function aligned(boxes: Boxes, edge: Edge): Places {
  const all = around(boxes.values());
  if (!all || boxes.size < 2) return {};
  return placesOf(boxes, (box) => {
    const width = box.right - box.left;
    const height = box.bottom - box.top;
    const places: Readonly<Record<Edge, Point>> = {
      left: [all.left, box.top],
      right: [all.right - width, box.top],
      top: [box.left, all.top],
      bottom: [box.left, all.bottom - height],
      centre: [Math.round((all.left + all.right - width) / 2), box.top],
      middle: [box.left, Math.round((all.top + all.bottom - height) / 2)],
    };
    return places[edge];
  });
}

/**
 * Equal gaps between boxes: the first and the last stay, those between are spaced out.
 *
 * Boxes that have no room between those two are put one after the other, a grid step apart.
 */
export function distributed(boxes: Boxes, direction: "across" | "down"): Places {
  if (boxes.size < 3) return {};
  const start = (box: Box): number => (direction === "across" ? box.left : box.top);
  const end = (box: Box): number => (direction === "across" ? box.right : box.bottom);
  const inOrder = [...boxes].toSorted(([, a], [, b]) => start(a) + end(a) - start(b) - end(b));
  const first = Math.min(...inOrder.map(([, box]) => start(box)));
  const last = Math.max(...inOrder.map(([, box]) => end(box)));
  const filled = inOrder.reduce((sum, [, box]) => sum + end(box) - start(box), 0);
  const free = (last - first - filled) / (boxes.size - 1);
  const gap = free >= 0 ? free : GRID;
  const places = new Map<Box, Point>();
  let at = first;
  for (const [, box] of inOrder) {
    places.set(box, direction === "across" ? [Math.round(at), box.top] : [box.left, Math.round(at)]);
    at += end(box) - start(box) + gap;
  }
  return placesOf(boxes, (box) => places.get(box) ?? [box.left, box.top]);
}

/** The places that differ from where boxes are. */
function placesOf(boxes: Boxes, place: (box: Box) => Point): Places {
  const found: Record<ItemKey, Point> = {};
  for (const [key, box] of boxes) {
    const [x, y] = place(box);
    if (x !== box.left || y !== box.top) found[key] = [x, y];
  }
  return found;
}
