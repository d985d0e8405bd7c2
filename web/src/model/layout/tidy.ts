/** Laying nodes out by their wires, from left to right. Slow on large graphs: run it in a worker. */
import { graphlib, layout } from "@dagrejs/dagre";
import type { Places } from "./arrange";
import { GRID } from "./geometry";
import type { NodeId, Point } from "../document/document";

/** A wire, and how far its ports are from the tops of their nodes. */
export interface UntidyWire {
  readonly from: NodeId;
  readonly out: number;
  readonly to: NodeId;
  readonly in: number;
}

/** All that the layout needs to know, as data that can be posted to a worker. */
export interface Untidy {
  /** Width and height, by node, in an order that is kept where the wires leave a choice. */
  readonly sizes: readonly (readonly [node: NodeId, size: Point])[];
  readonly wires: readonly UntidyWire[];
  /** Nodes that stay together: those of a frame. */
  readonly groups: readonly (readonly NodeId[])[];
  /** Where the upper left corner of the result is. */
  readonly corner: Point;
}

const BETWEEN_RANKS = 4 * GRID;
const BETWEEN_NODES = 2 * GRID;

/** Above so many nodes the shortest wires would take minutes to find: nearly the shortest do. */
const MANY = 150;

/** Places on the grid, so that no wire goes backwards and no two nodes overlap. */
export function tidied(untidy: Untidy): Places {
  const spots = untangled(laidOut(untidy), untidy);
  const left = Math.min(...spots.map(({ x }) => x));
  const top = Math.min(...spots.map(({ y }) => y));
  const [cornerX, cornerY] = untidy.corner;
  return Object.fromEntries(spots.map(({ id, x, y }) => [id, [cornerX + snapped(x - left), cornerY + snapped(y - top)]]));
}

/** The upper left corner of a node while it is laid out. */
interface Spot {
  readonly id: NodeId;
  readonly size: Point;
  readonly group: number;
  x: number;
  y: number;
}

function laidOut({ sizes, wires, groups }: Untidy): Spot[] {
  const graph = new graphlib.Graph({ compound: groups.length > 0 });
  const ranker = sizes.length > MANY ? "tight-tree" : "network-simplex";
  graph.setGraph({ rankdir: "LR", ranksep: BETWEEN_RANKS, nodesep: BETWEEN_NODES, ranker });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const [id, [width, height]] of sizes) graph.setNode(id, { width, height });
  const groupOf = new Map(groups.flatMap((members, group) => members.map((id) => [id, group] as const)));
  // No node is called like a group: ids have no slash.
  for (const group of groups.keys()) graph.setNode(`group/${group}`, {});
  for (const [id, group] of groupOf) if (graph.hasNode(id)) graph.setParent(id, `group/${group}`);
  for (const { from, to } of wires) if (from !== to && graph.hasNode(from) && graph.hasNode(to)) graph.setEdge(from, to);
  layout(graph);
  return sizes.map(([id, size]) => {
    const { x = 0, y = 0 } = graph.node(id) as { x?: number; y?: number };
    return { id, size, group: groupOf.get(id) ?? -1, x: x - size[0] / 2, y: y - size[1] / 2 };
  });
}

const PASSES = 8;

/** Neighbours in a column change places where fewer wires cross then: the layout knows no ports, only nodes. */
function untangled(spots: Spot[], { wires }: Untidy): Spot[] {
  const byId = new Map(spots.map((spot) => [spot.id, spot]));
  const ends = new Map<NodeId, (() => readonly [own: number, other: number])[]>();
  const note = (id: NodeId, other: NodeId, own: number, its: number): void => {
    const far = byId.get(other);
    const end = (): readonly [number, number] => [own, (far?.y ?? 0) + its];
    if (!far) return;
    const there = ends.get(id);
    if (there) there.push(end);
    else ends.set(id, [end]);
  };
  for (const { from, out, to, in: into } of wires) {
    note(from, to, out, into);
    note(to, from, into, out);
  }
  const columns = [...Map.groupBy(spots, ({ x, size }) => Math.round(x + size[0] / 2)).values()];
  for (let pass = 0, changed = true; changed && pass < PASSES; pass++) {
    changed = false;
    for (const column of columns) {
      column.sort((a, b) => a.y - b.y);
      for (const [index, lower] of column.entries()) {
        const upper = column[index - 1];
        if (upper?.group !== lower.group || crossings(ends, upper.id, lower.id) <= crossings(ends, lower.id, upper.id)) continue;
        lower.y = upper.y;
        upper.y = lower.y + lower.size[1] + BETWEEN_NODES;
        [column[index - 1], column[index]] = [lower, upper];
        changed = true;
      }
    }
  }
  return spots;
}

/** How many of their wires cross if one stands above the other. */
function crossings(ends: ReadonlyMap<NodeId, (() => readonly [number, number])[]>, upper: NodeId, lower: NodeId): number {
  const theirs = (ends.get(lower) ?? []).map((end) => end()[1]);
  return (ends.get(upper) ?? []).reduce((sum, end) => sum + theirs.filter((other) => other < end()[1]).length, 0);
}

function snapped(value: number): number {
  return Math.round(value / GRID) * GRID;
}
