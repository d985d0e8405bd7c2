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

/** A random id for a document or a request. `crypto.randomUUID` is only there on safe origins. */
export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
