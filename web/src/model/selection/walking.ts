/** From node to node by keyboard: along wires, and in the order in which one reads. */
import { centreOf, type Box } from "../layout/boxes";
import type { Graph, NodeId } from "../document/document";
import { wiringOf } from "../document/wiring";

export type Direction = "left" | "right" | "up" | "down";
type Boxes = ReadonlyMap<NodeId, Box>;

/**
 * The node next to one in a direction. Left and right follow wires, to the nearest of the nodes there;
 * where no wire leads on, and up and down, the nearest node on that side is taken.
 */
export function neighbour(graph: Graph, boxes: Boxes, from: NodeId, direction: Direction): NodeId | null {
  const here = boxes.get(from);
  if (!here) return null;
  const wired = direction === "left" ? sources(graph, from) : direction === "right" ? targets(graph, from) : [];
  const there = wired.flatMap((id): [NodeId, Box][] => {
    const box = boxes.get(id);
    return box ? [[id, box]] : [];
  });
  return nearest(there, from, here, direction, -Infinity) ?? nearest(boxes, from, here, direction, 0);
}

/** The node after (or before) one in reading order; the first if there is none yet. */
export function inReadingOrder(boxes: Boxes, from: NodeId | null, step: 1 | -1): NodeId | null {
  const order = readingOrder(boxes);
  const index = from === null ? -1 : order.indexOf(from);
  if (index < 0) return order.at(step > 0 ? 0 : -1) ?? null;
  return order[(index + step + order.length) % order.length] ?? null;
}

/** By columns from the left, each from the top: as the wires run. */
export function readingOrder(boxes: Boxes): NodeId[] {
  const inRow = [...boxes].toSorted(([, a], [, b]) => a.left - b.left || a.top - b.top);
  const columns: [NodeId, Box][][] = [];
  for (const entry of inRow) {
    const column = columns.at(-1);
    const [, first] = column?.[0] ?? [];
    // A column is what begins within the first half of its leftmost node.
    if (column && first && entry[1].left < centreOf(first)[0]) column.push(entry);
    else columns.push([entry]);
  }
  return columns.flatMap((column) => column.toSorted(([, a], [, b]) => a.top - b.top).map(([id]) => id));
}

function sources(graph: Graph, id: NodeId): NodeId[] {
  return [...new Set((wiringOf(graph.wires).into.get(id) ?? []).map(({ from }) => from[0]))];
}

function targets(graph: Graph, id: NodeId): NodeId[] {
  return [...new Set((wiringOf(graph.wires).outOf.get(id) ?? []).map(({ to }) => to[0]))];
}

/** The nearest that is further ahead than `beyond`; what lies aside counts double, so that straight ahead wins. */
function nearest(boxes: Iterable<[NodeId, Box]>, from: NodeId, here: Box, direction: Direction, beyond: number): NodeId | null {
  const [x, y] = centreOf(here);
  let best: NodeId | null = null;
  let least = Infinity;
  for (const [id, box] of boxes) {
    const [dx, dy] = [centreOf(box)[0] - x, centreOf(box)[1] - y];
    const ahead = { left: -dx, right: dx, up: -dy, down: dy }[direction];
    const aside = direction === "left" || direction === "right" ? Math.abs(dy) : Math.abs(dx);
    const far = Math.abs(ahead) + 2 * aside;
    if (id !== from && ahead > beyond && far < least) [best, least] = [id, far];
  }
  return best;
}
