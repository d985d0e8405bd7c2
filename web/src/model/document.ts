/**
 * The document: what is saved, in the shape in which it is edited.
 *
 * It differs from the file in one point: wires are kept by the input they end in, so that an
 * input can never have two. Everything is immutable; only commands make a new one.
 */
import type { Json } from "../runtime/wire.gen";

export type { Json };
export type NodeId = string;
export type Point = readonly [x: number, y: number];
export type PortRef = readonly [node: NodeId, port: string];
export type SeedControl = "randomize" | "increment" | "fixed";

export interface WorkflowNode {
  readonly type: string;
  readonly at: Point;
  readonly size?: Point;
  readonly title?: string;
  readonly values: Readonly<Record<string, Json>>;
  readonly controls?: Readonly<Record<string, SeedControl>>;
  readonly mode?: "mute" | "bypass";
  readonly collapsed?: boolean;
  readonly color?: string;
}

export interface Wire {
  readonly from: PortRef;
  readonly to: PortRef;
}

export interface Document {
  readonly id: string;
  readonly name: string;
  readonly nodes: Readonly<Record<NodeId, WorkflowNode>>;
  /** By `wireKey(wire.to)`. */
  readonly wires: Readonly<Record<string, Wire>>;
  /** Fields of the file that this page does not edit; written back as they came. */
  readonly rest: Readonly<Record<string, Json>>;
}

export const FORMAT = "wirebrush/1";

/** The name of a wire: the input it ends in. */
export function wireKey([node, port]: PortRef): string {
  return `${node}\n${port}`;
}

export function emptyDocument(id: string, name: string): Document {
  return { id, name, nodes: {}, wires: {}, rest: {} };
}

/** A workflow file that cannot be opened; the message is for people. */
export class NotAWorkflow extends Error {}

/** Read a file's data. Unknown fields stay; wires that lead nowhere are dropped. */
export function parseDocument(data: unknown): Document {
  if (!isRecord(data) || data["format"] !== FORMAT)
    throw new NotAWorkflow(`A workflow file starts with "format": "${FORMAT}".`);
  const { format: _, id, name, nodes, wires, ...rest } = data;
  if (!isRecord(nodes)) throw new NotAWorkflow('The workflow has no "nodes".');
  const parsed = Object.fromEntries(
    Object.entries(nodes).map(([key, node]) => [key, parseNode(key, node)]),
  );
  const wired: Record<string, Wire> = {};
  for (const wire of Array.isArray(wires) ? wires : []) {
    if (isWire(wire) && parsed[wire.from[0]] && parsed[wire.to[0]]) wired[wireKey(wire.to)] = wire;
  }
  return {
    id: typeof id === "string" ? id : crypto.randomUUID(),
    name: typeof name === "string" && name ? name : "Untitled",
    nodes: parsed,
    wires: wired,
    rest: rest as Record<string, Json>,
  };
}

/** The file's data, as the server and other programs read it. */
export function documentToJson(document: Document): Record<string, Json> {
  const { id, name, nodes, wires, rest } = document;
  const data = { format: FORMAT, id, name, nodes, wires: Object.values(wires), ...rest };
  return data as unknown as Record<string, Json>; // read-only, but nothing else than JSON
}

/** The file's text: one line per wire, so that it diffs well. */
export function serialise(document: Document): string {
  const { wires, ...data } = documentToJson(document);
  const lines = (wires as unknown as Wire[]).map((wire) => `    ${JSON.stringify(wire)}`);
  const text = JSON.stringify({ ...data, wires: "@" }, null, 2);
  return `${text.replace('"wires": "@"', () => `"wires": [${lines.length ? `\n${lines.join(",\n")}\n  ` : ""}]`)}\n`;
}

function parseNode(key: string, data: unknown): WorkflowNode {
  if (!isRecord(data) || typeof data["type"] !== "string")
    throw new NotAWorkflow(`Node ${key} has no type.`);
  return {
    ...data,
    type: data["type"],
    at: isPoint(data["at"]) ? data["at"] : [0, 0],
    values: isRecord(data["values"]) ? (data["values"] as Record<string, Json>) : {},
  };
}

function isWire(data: unknown): data is Wire {
  return isRecord(data) && isPortRef(data["from"]) && isPortRef(data["to"]);
}

function isPortRef(data: unknown): data is PortRef {
  return Array.isArray(data) && data.length === 2 && data.every((part) => typeof part === "string");
}

function isPoint(data: unknown): data is Point {
  return Array.isArray(data) && data.length === 2 && data.every((part) => Number.isFinite(part));
}

export function isRecord(data: unknown): data is Record<string, unknown> {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}
