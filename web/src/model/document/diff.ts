/** What differs between two states of a document, graph by graph and thing by thing. */
import { canonical } from "../format/canonical";
import type { Document, Graph, Json, Subgraph, SubgraphPort } from "./document";
import { isRecord } from "../format/guards";

export type DiffKind = "added" | "removed" | "changed" | "moved";
export type DiffItem = "document" | "subgraph" | "input" | "output" | "node" | "wire" | "frame" | "note";

/** One field before and after; `undefined` where it is not there. `values.seed` is a node's value. */
export interface FieldDiff {
  readonly field: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

export interface Difference {
  /** The definition that it is in; `""` for the document's own graph. */
  readonly graph: string;
  readonly item: DiffItem;
  readonly id: string;
  /** `moved`: only its place, size or drawing differs. */
  readonly kind: DiffKind;
  /** Empty for what was added or removed as a whole. */
  readonly fields: readonly FieldDiff[];
}

/** Fields that say where and how something is drawn, not what it does. */
const DRAWN: ReadonlySet<string> = new Set(["at", "size", "collapsed", "color", "knots"]);
/** Fields of nodes whose parts are told apart. */
const OPENED: ReadonlySet<string> = new Set(["values", "controls"]);

/** All differences: the document's own graph first, then its subgraphs. Ids of documents do not count. */
export function diffDocuments(before: Document, after: Document): Difference[] {
  return [
    ...changed("", "document", "", documentFacts(before), documentFacts(after)),
    ...diffGraphs("", before, after),
    ...keysOf(before.subgraphs, after.subgraphs).flatMap((id) => diffSubgraph(id, own(before.subgraphs, id), own(after.subgraphs, id))),
  ];
}

function diffSubgraph(id: string, before: Subgraph | undefined, after: Subgraph | undefined): Difference[] {
  if (!before || !after) return [{ graph: id, item: "subgraph", id, kind: after ? "added" : "removed", fields: [] }];
  return [
    ...changed(id, "subgraph", id, subgraphFacts(before), subgraphFacts(after)),
    ...diffItems(id, "input", byId(before.inputs), byId(after.inputs)),
    ...diffItems(id, "output", byId(before.outputs), byId(after.outputs)),
    ...diffGraphs(id, before, after),
  ];
}

function documentFacts({ name, rest }: Document): object {
  return { name, rest };
}

/** What a definition is besides its graph and ports: their order counts, too. */
function subgraphFacts({ name, rest, inputs, outputs }: Subgraph): object {
  return { name, rest, inputs: inputs.map((port) => port.id), outputs: outputs.map((port) => port.id) };
}

function diffGraphs(graph: string, before: Graph, after: Graph): Difference[] {
  return [
    ...diffItems(graph, "node", before.nodes, after.nodes),
    ...diffItems(graph, "wire", before.wires, after.wires),
    ...diffItems(graph, "frame", before.frames, after.frames),
    ...diffItems(graph, "note", before.notes, after.notes),
  ];
}

type Items = Readonly<Record<string, object>>;

function diffItems(graph: string, item: DiffItem, before: Items, after: Items): Difference[] {
  if (before === after) return [];
  return keysOf(before, after).flatMap((id): Difference[] => {
    const [old, now] = [own(before, id), own(after, id)];
    if (old === now) return [];
    if (old && now && sameThing(item, old, now)) return changed(graph, item, id, old, now);
    const kinds: DiffKind[] = [...(old ? ["removed" as const] : []), ...(now ? ["added" as const] : [])];
    return kinds.map((kind) => ({ graph, item, id, kind, fields: [] }));
  });
}

/** A node of another type is another node: ids of deleted ones are used again. */
function sameThing(item: DiffItem, before: object, after: object): boolean {
  return item !== "node" || (before as { type?: unknown }).type === (after as { type?: unknown }).type;
}

/** One entry if anything differs, none if not. */
function changed(graph: string, item: DiffItem, id: string, before: object, after: object): Difference[] {
  const fields = diffFields(opened(before), opened(after));
  if (fields.length === 0) return [];
  return [{ graph, item, id, kind: fields.every(({ field }) => DRAWN.has(field)) ? "moved" : "changed", fields }];
}

function diffFields(before: ReadonlyMap<string, Json>, after: ReadonlyMap<string, Json>): FieldDiff[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.flatMap((field) => {
    const [old, now] = [before.get(field), after.get(field)];
    // As fields: an array would have `null` for what is missing, which is something else.
    return old === now || canonical({ value: old }) === canonical({ value: now }) ? [] : [{ field, before: old, after: now }];
  });
}

/** The fields of a thing, those of its values and controls one by one. */
function opened(item: object): Map<string, Json> {
  const fields = new Map<string, Json>();
  for (const [name, value] of Object.entries(item) as [string, Json][]) {
    if (OPENED.has(name) && isRecord(value)) for (const [part, inner] of Object.entries(value)) fields.set(`${name}.${part}`, inner as Json);
    else if (value !== undefined) fields.set(name, value);
  }
  return fields;
}

function byId(ports: readonly SubgraphPort[]): Items {
  return Object.fromEntries(ports.map((port) => [port.id, port]));
}

function keysOf(before: Items, after: Items): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])];
}

function own<T>(items: Readonly<Record<string, T>>, id: string): T | undefined {
  return Object.hasOwn(items, id) ? items[id] : undefined;
}
