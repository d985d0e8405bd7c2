/** Boxes on the canvas: where nodes, frames and notes are, and how such boxes lie to each other. */
import type { Catalog } from "./catalog";
import type { Graph, NodeId, Point } from "./document";
import { layoutOf, placeholderSpec } from "./geometry";

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export type Aspects = Readonly<Record<NodeId, number>>;

/** What stands on a canvas is named by a key: a node by its id, frames and notes as below. */
export type ItemKey = string;

/** Ids of nodes have no slash, so no node is ever called like a frame or a note. */
export const frameKey = (id: string): ItemKey => `frame/${id}`;
export const noteKey = (id: string): ItemKey => `note/${id}`;

/** What a key names. */
export function itemOf(key: ItemKey): { readonly kind: "nodes" | "frames" | "notes"; readonly id: string } {
  if (key.startsWith("frame/")) return { kind: "frames", id: key.slice("frame/".length) };
  if (key.startsWith("note/")) return { kind: "notes", id: key.slice("note/".length) };
  return { kind: "nodes", id: key };
}

/** Where an item is; `undefined` if it is not there. */
export function placeOf(graph: Graph, key: ItemKey): Point | undefined {
  const { kind, id } = itemOf(key);
  return graph[kind][id]?.at;
}

export function boxAt([x, y]: Point, [width, height]: Point): Box {
  return { left: x, top: y, right: x + width, bottom: y + height };
}

export function moved({ left, top, right, bottom }: Box, [x, y]: Point): Box {
  return { left: left + x, top: top + y, right: right + x, bottom: bottom + y };
}

export function grown({ left, top, right, bottom }: Box, by: number): Box {
  return { left: left - by, top: top - by, right: right + by, bottom: bottom + by };
}

export function centreOf({ left, top, right, bottom }: Box): Point {
  return [(left + right) / 2, (top + bottom) / 2];
}

/** The smallest box around all; `null` around none. */
export function around(boxes: Iterable<Box>): Box | null {
  let all: Box | null = null;
  for (const box of boxes)
    all = all
      ? {
          left: Math.min(all.left, box.left),
          top: Math.min(all.top, box.top),
          right: Math.max(all.right, box.right),
          bottom: Math.max(all.bottom, box.bottom),
        }
      : box;
  return all;
}

export function touches(a: Box, b: Box): boolean {
  return a.left <= b.right && b.left <= a.right && a.top <= b.bottom && b.top <= a.bottom;
}

export function holds(outer: Box, inner: Box): boolean {
  return outer.left <= inner.left && outer.top <= inner.top && inner.right <= outer.right && inner.bottom <= outer.bottom;
}

export function holdsPoint(box: Box, [x, y]: Point): boolean {
  return box.left <= x && x <= box.right && box.top <= y && y <= box.bottom;
}

/** The box of one node; `undefined` if there is no such node. */
export function nodeBox(graph: Graph, catalog: Catalog, id: NodeId, aspects: Aspects = {}): Box | undefined {
  const node = graph.nodes[id];
  if (!node) return undefined;
  const spec = catalog.spec(node.type) ?? placeholderSpec(graph, id);
  const { width, height } = layoutOf(spec, node, { aspect: aspects[id] ?? null });
  return boxAt(node.at, [width, height]);
}

/** The boxes of some nodes, of all if none are named. */
export function nodeBoxes(graph: Graph, catalog: Catalog, aspects: Aspects = {}, ids: Iterable<NodeId> = Object.keys(graph.nodes)): Map<NodeId, Box> {
  const boxes = new Map<NodeId, Box>();
  for (const id of ids) {
    const box = nodeBox(graph, catalog, id, aspects);
    if (box) boxes.set(id, box);
  }
  return boxes;
}

/** The boxes of frames and notes, by their keys. */
export function sceneryBoxes({ frames, notes }: Pick<Graph, "frames" | "notes">): Map<ItemKey, Box> {
  return new Map([
    ...Object.entries(frames).map(([id, { at, size }]) => [frameKey(id), boxAt(at, size)] as const),
    ...Object.entries(notes).map(([id, { at, size }]) => [noteKey(id), boxAt(at, size)] as const),
  ]);
}
