/**
 * The document: what is saved, in the shape in which it is edited.
 *
 * It differs from the file in two points: wires are kept by the input they end in, so that an
 * input can never have two, and frames and notes by their ids. Everything is immutable; only
 * commands make a new one. A subgraph's definition is a graph like the document itself.
 */
import type { Json } from "../../runtime/wire.gen";

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
  /** Widgets whose ports are shown although nothing is wired to them. */
  readonly ports?: readonly string[];
}

export interface Wire {
  readonly from: PortRef;
  readonly to: PortRef;
  /** Points that the wire passes through, from its source on. */
  readonly knots?: readonly Point[];
}

/** A titled box behind nodes; what stands on it moves with it. */
export interface Frame {
  readonly title: string;
  readonly at: Point;
  readonly size: Point;
  readonly color?: string;
}

/** A text on the canvas, in Markdown. */
export interface Note {
  readonly text: string;
  readonly at: Point;
  readonly size: Point;
  readonly color?: string;
}

/** What is drawn on one canvas: the document's own graph, or the inside of a subgraph. */
export interface Graph {
  readonly nodes: Readonly<Record<NodeId, WorkflowNode>>;
  /** By `wireKey(wire.to)`. */
  readonly wires: Readonly<Record<string, Wire>>;
  readonly frames: Readonly<Record<string, Frame>>;
  readonly notes: Readonly<Record<string, Note>>;
}

/** A port of a subgraph's instances. Wires and values use its id, which never changes. */
export interface SubgraphPort {
  readonly id: string;
  readonly name: string;
  /** As the port inside, or as it was there last. */
  readonly type: string;
}

/**
 * A definition. Its instances are nodes of type `subgraph:<id>` and hold only what differs.
 *
 * Inside, its ports are on two nodes at the border (see `border.ts`), and what a port feeds or
 * hands out is wired to them like anything else. The file has lists of ends instead.
 */
export interface Subgraph extends Graph {
  readonly name: string;
  readonly inputs: readonly SubgraphPort[];
  readonly outputs: readonly SubgraphPort[];
  readonly rest: Readonly<Record<string, Json>>;
}

export interface Document extends Graph {
  readonly id: string;
  readonly name: string;
  readonly subgraphs: Readonly<Record<string, Subgraph>>;
  /** Fields of the file that this page does not edit; written back as they came. */
  readonly rest: Readonly<Record<string, Json>>;
}

/** Which canvas is open: the instances one went into, from the document's own graph on. */
export type Scope = readonly NodeId[];

export const ROOT: Scope = [];

const SUBGRAPH = "subgraph:";

/** The name of a wire: the input it ends in. */
export function wireKey([node, port]: PortRef): string {
  return `${node}\n${port}`;
}

export function emptyDocument(id: string, name: string): Document {
  return { id, name, nodes: {}, wires: {}, frames: {}, notes: {}, subgraphs: {}, rest: {} };
}

/** The id of the definition that a node type stands for; `null` for ordinary types. */
export function subgraphOf(type: string): string | null {
  return type.startsWith(SUBGRAPH) ? type.slice(SUBGRAPH.length) : null;
}

export function instanceType(subgraph: string): string {
  return SUBGRAPH + subgraph;
}

/** The definition that is open in a scope: `""` for the document itself, `null` if there is none. */
export function definitionAt(document: Document, scope: Scope): string | null {
  let open = "";
  let graph: Graph = document;
  for (const id of scope) {
    const inner = subgraphOf(graph.nodes[id]?.type ?? "");
    const definition = inner === null ? undefined : document.subgraphs[inner];
    if (inner === null || !definition) return null;
    open = inner;
    graph = definition;
  }
  return open;
}

/** The graph of a scope; the document's own if the scope is not there (any more). */
export function graphAt(document: Document, scope: Scope): Graph {
  return document.subgraphs[definitionAt(document, scope) ?? ""] ?? document;
}

/** As much of a scope as exists: an undo may have taken away the instance one is in. */
export function validScope(document: Document, scope: Scope): Scope {
  let valid = scope;
  while (definitionAt(document, valid) === null) valid = valid.slice(0, -1);
  return valid;
}

/** What a node inside a scope is called when it runs: `12/3` for node 3 in instance 12. */
export function runId(scope: Scope, node: NodeId): string {
  return [...scope, node].join("/");
}
