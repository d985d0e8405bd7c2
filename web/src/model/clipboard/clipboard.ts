/**
 * Copies as text: a JSON envelope that any page, browser or program can paste.
 *
 * `wirebrush/clipboard/1` is a workflow's graph with the definitions that it needs, and besides:
 * `document` and `within` (which graph it was copied from; `""` is the document's own) and
 * `outside`, the wires that came in from nodes that were not copied.
 */
import { innerNodes, isBorder } from "../subgraphs/border";
import type { Pasted } from "../commands";
import { subgraphOf, type Document, type Graph, type NodeId, type Point, type PortRef, type Wire } from "../document/document";
import { FORMAT, graphToJson, parseDocument, subgraphToJson } from "../format/format";
import { isPortRef, isRecord } from "../format/guards";
import { freshIds, freshKeys } from "../document/ids";
import { parseJson, toJson } from "../format/json";
import { merged, retypedNodes } from "./merging";
import { usedBy, wouldContainItself } from "../subgraphs/uses";

const CLIPBOARD_FORMAT = "wirebrush/clipboard/1";

/** Some of what is on a canvas. */
export interface Chosen {
  readonly nodes: Iterable<NodeId>;
  readonly frames?: Iterable<string>;
  readonly notes?: Iterable<string>;
}

/** A canvas of a document: `within` is the definition that is open, `""` the document's own graph. */
export interface Place {
  readonly document: Document;
  readonly within: string;
}

export interface PasteWish {
  /** Copies of nodes of this very canvas also keep the wires that come into them. */
  readonly keepWires?: boolean;
  /** A whole workflow counts as a copy of all that is in it. */
  readonly whole?: boolean;
}

export type PasteResult =
  | { readonly kind: "pasted"; readonly content: Required<Pasted> }
  /** A subgraph would contain itself. */
  | { readonly kind: "recursion"; readonly name: string };

/** What is chosen as text, with the wires among it; empty if there is nothing. */
export function copyText({ document, within }: Place, chosen: Chosen): string {
  const graph = graphOf({ document, within });
  const { nodes, frames, notes } = chosenOf(graph, chosen);
  if ([nodes, frames, notes].every((items) => Object.keys(items).length === 0)) return "";
  const inside = (ref: PortRef): boolean => Object.hasOwn(nodes, ref[0]);
  const into = Object.entries(graph.wires).filter(([, { to }]) => inside(to));
  const wires = Object.fromEntries(into.filter(([, { from }]) => inside(from)));
  const outside = into.filter(([, { from }]) => !inside(from)).map(([, { from, to }]) => ({ from, to }));
  const used = usedBy({ nodes }, document.subgraphs);
  const definitions = Object.entries(document.subgraphs).filter(([id]) => used.has(id));
  return toJson(
    {
      format: CLIPBOARD_FORMAT,
      document: document.id,
      within,
      ...graphToJson({ nodes, wires, frames, notes }),
      ...(definitions.length && { subgraphs: Object.fromEntries(definitions.map(([id, definition]) => [id, subgraphToJson(definition)])) }),
      ...(outside.length && { outside }),
    },
    1,
  );
}

/** What a text would paste with its upper left corner at `at`; `null` if it is no copy of ours. */
export function pasteFrom(text: string, place: Place, at: Point, { keepWires = false, whole = false }: PasteWish = {}): PasteResult | null {
  const copy = readCopy(text, whole);
  if (!copy) return null;
  const { document, within } = place;
  const { added, ids } = merged(document.subgraphs, only(copy.subgraphs, usedBy(copy, copy.subgraphs)));
  const nodes = retypedNodes(copy.nodes, ids);
  const all = { ...document.subgraphs, ...added };
  const recursive = Object.values(nodes).find(({ type }) => wouldContainItself(all, within, type));
  if (recursive) return { kind: "recursion", name: all[subgraphOf(recursive.type) ?? ""]?.name ?? recursive.type };
  const kept = keepWires && copy.rest["document"] === document.id && copy.rest["within"] === within;
  const content = atPlace({ ...copy, nodes }, graphOf(place), at, kept ? outsideOf(copy) : []);
  return { kind: "pasted", content: { ...content, subgraphs: added } };
}

/** What is chosen of a graph, the border aside. */
export function chosenOf(graph: Graph, { nodes, frames = [], notes = [] }: Chosen): Pick<Graph, "nodes" | "frames" | "notes"> {
  return { nodes: only(Object.fromEntries(innerNodes(graph)), nodes), frames: only(graph.frames, frames), notes: only(graph.notes, notes) };
}

/** The upper left corner of what is on a canvas. */
export function cornerOf({ nodes, frames, notes }: Pick<Graph, "nodes" | "frames" | "notes">): Point {
  const places = [nodes, frames, notes].flatMap((items) => Object.values<{ readonly at: Point }>(items).map((item) => item.at));
  return [Math.min(...places.map(([x]) => x)), Math.min(...places.map(([, y]) => y))];
}

function graphOf({ document, within }: Place): Graph {
  return (within && document.subgraphs[within]) || document;
}

/** A copy under ids that a graph does not use, moved to a place. */
function atPlace(copy: Graph, graph: Graph, at: Point, outside: readonly Wire[]): Omit<Required<Pasted>, "subgraphs"> {
  const corner = cornerOf(copy);
  const by: Point = [at[0] - corner[0], at[1] - corner[1]];
  const olds = Object.keys(copy.nodes);
  const news = freshIds(graph, olds.length);
  const renamed = new Map(olds.map((id, index) => [id, news[index] ?? id]));
  const end = ([node, port]: PortRef): PortRef => [renamed.get(node) ?? node, port];
  const inner = Object.values(copy.wires).map((wire): Wire => ({
    ...wire,
    from: end(wire.from),
    to: end(wire.to),
    ...(wire.knots && { knots: wire.knots.map((knot) => moved(knot, by)) }),
  }));
  const entering = outside.filter(({ from, to }) => Object.hasOwn(graph.nodes, from[0]) && renamed.has(to[0]));
  return {
    nodes: Object.fromEntries(olds.flatMap((id) => (copy.nodes[id] ? [[renamed.get(id) ?? id, shifted(copy.nodes[id], by)]] : []))),
    wires: [...inner, ...entering.map(({ from, to }): Wire => ({ from, to: end(to) }))],
    frames: rekeyed(copy.frames, graph.frames, by),
    notes: rekeyed(copy.notes, graph.notes, by),
  };
}

function rekeyed<T extends { readonly at: Point }>(items: Readonly<Record<string, T>>, there: Readonly<Record<string, T>>, by: Point): Record<string, T> {
  const ids = freshKeys(there, Object.keys(items).length);
  return Object.fromEntries(Object.values(items).map((item, index) => [ids[index] ?? "", shifted(item, by)]));
}

function shifted<T extends { readonly at: Point }>(item: T, by: Point): T {
  return { ...item, at: moved(item.at, by) };
}

function moved([x, y]: Point, [dx, dy]: Point): Point {
  return [x + dx, y + dy];
}

function only<T>(items: Readonly<Record<string, T>>, ids: Iterable<string>): Record<string, T> {
  const wanted = new Set(ids);
  return Object.fromEntries(Object.entries(items).filter(([id]) => wanted.has(id)));
}

function readCopy(text: string, whole: boolean): Document | null {
  if (!text.trimStart().startsWith("{")) return null;
  try {
    const data: unknown = parseJson(text);
    if (!isRecord(data) || (data["format"] !== CLIPBOARD_FORMAT && !(whole && data["format"] === FORMAT))) return null;
    const document = parseDocument({ nodes: {}, ...data, format: FORMAT });
    const some = [document.nodes, document.frames, document.notes].some((items) => Object.keys(items).length > 0);
    return some ? document : null;
  } catch {
    return null;
  }
}

function outsideOf({ rest }: Document): Wire[] {
  const list: unknown = rest["outside"];
  return (Array.isArray(list) ? list : []).flatMap((wire: unknown) => {
    if (!isRecord(wire)) return [];
    const { from, to } = wire;
    return isPortRef(from) && isPortRef(to) && !isBorder(to[0]) ? [{ from, to }] : [];
  });
}

