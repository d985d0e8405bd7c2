/** Boxes on the canvas: where nodes, frames and notes are, and how such boxes lie to each other. */
import type { Catalog } from "../catalog/catalog";
import type { Graph, NodeId, Point } from "../document/document";
import { GRID, layoutOf, type Layout } from "./geometry";
import type { Density } from "./metrics";
import { placeholderSpec } from "../catalog/placeholder";

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** What the sizes of nodes depend on besides the document. */
export interface Looks {
  /** Height by width of the pictures that nodes show. */
  readonly aspects: Readonly<Record<NodeId, number>>;
  readonly density?: Density;
}

const PLAIN: Looks = { aspects: {} };

const GRID_STEP = GRID / 2;

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

export function isNodeKey(key: ItemKey): boolean {
  return itemOf(key).kind === "nodes";
}

/** The nearest place on the grid, whose step things move and grow by. */
export function onGrid(value: number): number {
  return Math.round(value / GRID_STEP) * GRID_STEP;
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

/** The layout of one node; `undefined` if there is no such node. */
export function nodeLayout(graph: Graph, catalog: Catalog, id: NodeId, looks: Looks = PLAIN): Layout | undefined {
  const node = graph.nodes[id];
  if (!node) return undefined;
  const spec = catalog.spec(node.type) ?? placeholderSpec(graph, id);
  return layoutOf(spec, node, { aspect: looks.aspects[id] ?? null, density: looks.density ?? "normal" });
}

/** The boxes of some nodes, of all if none are named. */
export function nodeBoxes(graph: Graph, catalog: Catalog, looks: Looks = PLAIN, ids: Iterable<NodeId> = Object.keys(graph.nodes)): Map<NodeId, Box> {
  const boxes = new Map<NodeId, Box>();
  for (const id of ids) {
    const layout = nodeLayout(graph, catalog, id, looks);
    const at = graph.nodes[id]?.at;
    if (layout && at) boxes.set(id, boxAt(at, [layout.width, layout.height]));
  }
  return boxes;
}

/** The boxes of all that is on a canvas, by their keys. */
export function itemBoxes(graph: Graph, catalog: Catalog, looks: Looks = PLAIN): Map<ItemKey, Box> {
  return new Map([...nodeBoxes(graph, catalog, looks), ...sceneryBoxes(graph)]);
}

/** The boxes of frames and notes, by their keys. */
export function sceneryBoxes({ frames, notes }: Pick<Graph, "frames" | "notes">): Map<ItemKey, Box> {
  return new Map([
    ...Object.entries(frames).map(([id, { at, size }]) => [frameKey(id), boxAt(at, size)] as const),
    ...Object.entries(notes).map(([id, { at, size }]) => [noteKey(id), boxAt(at, size)] as const),
  ]);
}
