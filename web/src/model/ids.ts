import type { Graph, NodeId } from "./document";

/** Node ids that the document does not use: the next whole numbers, as the field counts. */
export function freshIds(graph: Pick<Graph, "nodes">, count: number): NodeId[] {
  return freshKeys(graph.nodes, count);
}

/** The same for frames, notes and whatever else has ids. */
export function freshKeys(items: Readonly<Record<string, unknown>>, count: number): string[] {
  const used = Object.keys(items).map(Number).filter(Number.isSafeInteger);
  const first = used.reduce((most, id) => Math.max(most, id), 0) + 1;
  return Array.from({ length: count }, (_, index) => String(first + index));
}
