/** Laying nodes out by their wires, from left to right. Slow on large graphs: run it in a worker. */
import { graphlib, layout } from "@dagrejs/dagre";
import type { Places } from "./arrange";
import { GRID } from "./geometry";
import type { NodeId, Point } from "./document";

/** All that the layout needs to know, as data that can be posted to a worker. */
export interface Untidy {
  /** Width and height, by node, in an order that is kept where the wires leave a choice. */
  readonly sizes: readonly (readonly [node: NodeId, size: Point])[];
  readonly wires: readonly (readonly [from: NodeId, to: NodeId])[];
  /** Where the upper left corner of the result is. */
  readonly corner: Point;
}

const BETWEEN_RANKS = 4 * GRID;
const BETWEEN_NODES = 2 * GRID;

/** Places on the grid, so that no wire goes backwards and no two nodes overlap. */
export function tidied({ sizes, wires, corner }: Untidy): Places {
  const graph = new graphlib.Graph({ multigraph: false });
  graph.setGraph({ rankdir: "LR", ranksep: BETWEEN_RANKS, nodesep: BETWEEN_NODES });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const [id, [width, height]] of sizes) graph.setNode(id, { width, height });
  for (const [from, to] of wires) if (from !== to && graph.hasNode(from) && graph.hasNode(to)) graph.setEdge(from, to);
  layout(graph);
  const raw = sizes.map(([id, [width, height]]) => {
    const { x = 0, y = 0 } = graph.node(id) as { x?: number; y?: number };
    return [id, x - width / 2, y - height / 2] as const;
  });
  const left = Math.min(...raw.map(([, x]) => x));
  const top = Math.min(...raw.map(([, , y]) => y));
  return Object.fromEntries(raw.map(([id, x, y]) => [id, [corner[0] + snapped(x - left), corner[1] + snapped(y - top)]]));
}

function snapped(value: number): number {
  return Math.round(value / GRID) * GRID;
}
