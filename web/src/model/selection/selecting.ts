/** Ways to choose nodes by what they are, how they are wired, and where they stand. */
import { centreOf, type Box, type ItemKey } from "../layout/boxes";
import { upstream } from "../wires/connect";
import type { Graph, NodeId, Point } from "../document/document";

/** All nodes of the types of these. */
export function sameType(graph: Graph, ids: Iterable<NodeId>): NodeId[] {
  const types = new Set([...ids].map((id) => graph.nodes[id]?.type));
  return Object.keys(graph.nodes).filter((id) => types.has(graph.nodes[id]?.type));
}

/** These nodes and all that they need. */
export function withUpstream(graph: Graph, ids: Iterable<NodeId>): NodeId[] {
  return [...upstream(graph, ids)];
}

/** These nodes and all that need them. */
export function withDownstream(graph: Graph, ids: Iterable<NodeId>): NodeId[] {
  const targets = Map.groupBy(Object.values(graph.wires), (wire) => wire.from[0]);
  const found = new Set<NodeId>();
  const ahead = [...ids];
  for (let node = ahead.pop(); node !== undefined; node = ahead.pop()) {
    if (found.has(node)) continue;
    found.add(node);
    for (const wire of targets.get(node) ?? []) ahead.push(wire.to[0]);
  }
  return [...found];
}

/** All nodes that are not among these. */
export function inverted(graph: Graph, ids: ReadonlySet<NodeId>): NodeId[] {
  return Object.keys(graph.nodes).filter((id) => !ids.has(id));
}

/** The things whose middle lies inside a closed line. */
export function lassoed(boxes: ReadonlyMap<ItemKey, Box>, line: readonly Point[]): ItemKey[] {
  if (line.length < 3) return [];
  return [...boxes].flatMap(([key, box]) => (isInside(centreOf(box), line) ? [key] : []));
}

/** Whether a line to the right of the point crosses the closed line an odd number of times. */
export function isInside([x, y]: Point, line: readonly Point[]): boolean {
  let inside = false;
  for (const [index, [bx, by]] of line.entries()) {
    const [ax, ay] = line.at(index - 1) ?? [bx, by];
    if (ay > y !== by > y && x < ((ax - bx) * (y - by)) / (ay - by) + bx) inside = !inside;
  }
  return inside;
}
