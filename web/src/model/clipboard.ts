/** Copies as text: a JSON envelope that any page, browser or program can paste. */
import type { Pasted } from "./commands";
import type { Graph, NodeId, Point } from "./document";
import { isRecord, parseDocument } from "./format";
import { freshIds } from "./ids";
import { parseJson, toJson } from "./json";

export const CLIPBOARD_FORMAT = "wirebrush/clipboard/1";

/** The nodes and the wires among them as text. */
export function copyText(graph: Graph, ids: Iterable<NodeId>): string {
  const wanted = new Set(ids);
  const nodes = Object.fromEntries(Object.entries(graph.nodes).filter(([id]) => wanted.has(id)));
  const wires = Object.values(graph.wires).filter(
    (wire) => wanted.has(wire.from[0]) && wanted.has(wire.to[0]),
  );
  return toJson({ format: CLIPBOARD_FORMAT, nodes, wires }, 1);
}

/** What a text would paste with its upper left corner at `at`; `null` if it is no copy of ours. */
export function pasteFrom(text: string, graph: Graph, at: Point): Pasted | null {
  const source = readCopy(text);
  if (!source) return null;
  const olds = Object.keys(source.nodes);
  const news = freshIds(graph, olds.length);
  const renamed = new Map(olds.map((id, index) => [id, news[index] ?? id]));
  const corner = cornerOf(source);
  const nodes = Object.fromEntries(
    Object.entries(source.nodes).map(([id, node]) => [
      renamed.get(id) ?? id,
      { ...node, at: [node.at[0] - corner[0] + at[0], node.at[1] - corner[1] + at[1]] as const },
    ]),
  );
  const wires = Object.values(source.wires).map((wire) => ({
    ...wire,
    from: [renamed.get(wire.from[0]) ?? "", wire.from[1]] as const,
    to: [renamed.get(wire.to[0]) ?? "", wire.to[1]] as const,
  }));
  return { nodes, wires };
}

export function cornerOf(graph: Pick<Graph, "nodes">): Point {
  const places = Object.values(graph.nodes).map((node) => node.at);
  return [Math.min(...places.map(([x]) => x)), Math.min(...places.map(([, y]) => y))];
}

function readCopy(text: string): Graph | null {
  if (!text.trimStart().startsWith("{")) return null;
  try {
    const data: unknown = parseJson(text);
    if (!isRecord(data) || data["format"] !== CLIPBOARD_FORMAT) return null;
    const document = parseDocument({ ...data, format: "wirebrush/1" });
    return Object.keys(document.nodes).length ? document : null;
  } catch {
    return null;
  }
}
