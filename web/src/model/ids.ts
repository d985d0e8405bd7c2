import type { Graph, NodeId } from "./document";

/** Node ids that the document does not use: the next whole numbers, as the field counts. */
export function freshIds(graph: Graph, count: number): NodeId[] {
  const used = Object.keys(graph.nodes).map(Number).filter(Number.isSafeInteger);
  const first = used.reduce((most, id) => Math.max(most, id), 0) + 1;
  return Array.from({ length: count }, (_, index) => String(first + index));
}
