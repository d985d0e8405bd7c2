/** Reading and writing workflow files (`wirebrush/1`). */
import { uuid } from "../document/ids";
import {
  wireKey,
  type Document,
  type Frame,
  type Graph,
  type Json,
  type Note,
  type Point,
  type Subgraph,
  type Wire,
  type WorkflowNode,
} from "../document/document";
import { isBorder } from "../subgraphs/border";
import { definitionFrom, definitionToFile } from "./definition";
import { isPoint, isPortRef, isRecord, within } from "./guards";
import { fileText } from "./written";

export { isPoint, isRecord } from "./guards";

export const FORMAT = "wirebrush/1";

const FRAME_SIZE: Point = [440, 330];
const NOTE_SIZE: Point = [220, 110];

/** A workflow file that cannot be opened; the message is for people. */
export class NotAWorkflow extends Error {}

/** Read a file's data. Unknown fields stay; wires that lead nowhere are dropped. */
export function parseDocument(data: unknown): Document {
  if (!isRecord(data) || data["format"] !== FORMAT)
    throw new NotAWorkflow(`A workflow file starts with "format": "${FORMAT}".`);
  const { format: _, id, name, nodes, wires, frames, notes, subgraphs, ...rest } = data;
  if (!isRecord(nodes)) throw new NotAWorkflow('The workflow has no "nodes".');
  return {
    id: typeof id === "string" ? id : uuid(),
    name: typeof name === "string" && name ? name : "Untitled",
    ...parseGraph({ nodes, wires, frames, notes }),
    subgraphs: mapped(isRecord(subgraphs) ? subgraphs : {}, parseSubgraph),
    rest: rest as Record<string, Json>,
  };
}

/** The file's data, as the server and other programs read it. */
export function documentToJson(document: Document): Record<string, Json> {
  const { id, name, subgraphs, rest } = document;
  const definitions = mapped(subgraphs, (_, definition) => subgraphToJson(definition));
  const inner = Object.keys(definitions).length ? { subgraphs: definitions } : {};
  const data = { format: FORMAT, id, name, ...graphToJson(document), ...inner, ...rest };
  return data as unknown as Record<string, Json>; // read-only, but nothing else than JSON
}

/** The file's text: one line per wire, so that it diffs well. */
export function serialise(document: Document): string {
  return fileText(documentToJson(document));
}

interface RawGraph {
  readonly nodes: Record<string, unknown>;
  readonly wires: unknown;
  readonly frames: unknown;
  readonly notes: unknown;
}

function parseGraph({ nodes, wires, frames, notes }: RawGraph): Graph {
  // What stands for a border is made anew: nothing in a file may be taken for it.
  const own = Object.fromEntries(Object.entries(nodes).filter(([id]) => !isBorder(id)));
  const parsed = mapped(own, parseNode);
  const wired: Record<string, Wire> = {};
  for (const wire of Array.isArray(wires) ? wires : [])
    if (isWire(wire) && Object.hasOwn(parsed, wire.from[0]) && Object.hasOwn(parsed, wire.to[0]))
      wired[wireKey(wire.to)] = withPoints(wire);
  return { nodes: parsed, wires: wired, frames: byId(frames, parseFrame), notes: byId(notes, parseNote) };
}

export function graphToJson({ nodes, wires, frames, notes }: Graph): Record<string, unknown> {
  return {
    nodes,
    wires: Object.values(wires),
    ...(Object.keys(frames).length && { frames: listed(frames) }),
    ...(Object.keys(notes).length && { notes: listed(notes) }),
  };
}

function listed<T extends object>(items: Readonly<Record<string, T>>): object[] {
  return Object.entries(items).map(([id, item]) => ({ id, ...item }));
}

function parseSubgraph(key: string, data: unknown): Subgraph {
  if (!isRecord(data) || !isRecord(data["nodes"])) throw new NotAWorkflow(`Subgraph ${key} has no "nodes".`);
  const { nodes, wires, frames, notes, ...fields } = data;
  return definitionFrom(key, fields, parseGraph({ nodes: nodes as Record<string, unknown>, wires, frames, notes }));
}

/** A definition as files have it. */
export function subgraphToJson(definition: Subgraph): Record<string, unknown> {
  const { name, inputs, outputs, inside, ports } = definitionToFile(definition);
  return { name, inputs, outputs, ...graphToJson(inside), ports, ...definition.rest };
}

function parseNode(key: string, data: unknown): WorkflowNode {
  if (!isRecord(data) || typeof data["type"] !== "string")
    throw new NotAWorkflow(`Node ${key} has no type.`);
  return {
    ...data,
    type: data["type"],
    at: isPoint(data["at"]) ? within(data["at"]) : [0, 0],
    ...(isPoint(data["size"]) && { size: within(data["size"]) }),
    values: isRecord(data["values"]) ? (data["values"] as Record<string, Json>) : {},
  };
}

function parseFrame({ title, at, size, ...others }: Record<string, unknown>): Frame {
  return { ...others, title: typeof title === "string" ? title : "", ...placed(at, size, FRAME_SIZE) };
}

function parseNote({ text, at, size, ...others }: Record<string, unknown>): Note {
  return { ...others, text: typeof text === "string" ? text : "", ...placed(at, size, NOTE_SIZE) };
}

function placed(at: unknown, size: unknown, usual: Point): { at: Point; size: Point } {
  return { at: isPoint(at) ? within(at) : [0, 0], size: isPoint(size) ? within(size) : usual };
}

/** A list of things with ids by their ids; one without, or whose id is taken, gets its place's. */
function byId<T>(data: unknown, parse: (item: Record<string, unknown>) => T): Record<string, T> {
  const found = new Map<string, T>();
  for (const [index, item] of (Array.isArray(data) ? data : []).entries()) {
    if (!isRecord(item)) continue;
    const { id, ...others } = item;
    const wanted = typeof id === "string" && id && !found.has(id) ? id : `${index + 1}`;
    found.set(found.has(wanted) ? `${wanted}-${index + 1}` : wanted, parse(others));
  }
  return Object.fromEntries(found);
}

function mapped<A, B>(items: Readonly<Record<string, A>>, make: (key: string, item: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(items).map(([key, item]) => [key, make(key, item)]));
}

/** Knots that are no points are left out, so that one slip does not keep a wire from being drawn. */
function withPoints({ knots, ...wire }: Wire): Wire {
  const points = Array.isArray(knots) ? knots.filter(isPoint).map(within) : [];
  return points.length ? { ...wire, knots: points } : wire;
}

function isWire(data: unknown): data is Wire {
  return isRecord(data) && isPortRef(data["from"]) && isPortRef(data["to"]);
}
