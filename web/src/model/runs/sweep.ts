/** Sweeps: the same workflow with different values, each combination of them once. */
import type { Widget } from "../catalog/catalog";
import { setValue } from "../commands";
import type { Document, Json, NodeId, Scope } from "../document/document";
import { evaluate, type Numeric } from "../values/expression";
import type { FlatGraph } from "../subgraphs/flatten";
import { amend, open } from "../document/history";
import { nodesBelow } from "./needed";
import { beyond, fitted, isWhole } from "../values/number";

/** A widget and the values that it is to have, one after the other. */
export interface Axis {
  readonly scope: Scope;
  readonly node: NodeId;
  readonly port: string;
  readonly label: string;
  readonly values: readonly Json[];
}

/** One of the documents to run: its place on each axis. */
export interface Cell {
  readonly place: readonly number[];
  readonly document: Document;
}

export const MOST_CELLS = 256;

export type SweepProblem =
  | { readonly code: "empty" }
  | { readonly code: "notNumber"; readonly text: string }
  | { readonly code: "notWhole"; readonly text: string }
  | { readonly code: "beyond"; readonly text: string }
  | { readonly code: "badStep"; readonly text: string }
  | { readonly code: "tooMany"; readonly most: number };

export type Parsed = { readonly values: readonly Json[] } | { readonly problem: SweepProblem };

const RANGE = /^(.+?)\s*\.\.\s*(.+?)(?:\s+step\s+(.+))?$/;

/** Numbers as `4, 6, 8`, ranges as `1..9 step 2`, both mixed; arithmetic as in number fields. */
export function parseNumbers(text: string, widget: Widget): Parsed {
  const values: Numeric[] = [];
  for (const part of text.split(/[,;\n]/).map((item) => item.trim()).filter(Boolean)) {
    const range = RANGE.exec(part);
    const found = range ? rangeOf(range, part) : single(part);
    if ("problem" in found) return found;
    values.push(...found.values);
    if (values.length > MOST_CELLS) return { problem: { code: "tooMany", most: MOST_CELLS } };
  }
  return checked(values, widget);
}

/** Texts: one a line. */
export function parseLines(text: string): Parsed {
  const values = [...new Set(text.split("\n").map((line) => line.trim()).filter(Boolean))];
  if (values.length > MOST_CELLS) return { problem: { code: "tooMany", most: MOST_CELLS } };
  return values.length ? { values } : { problem: { code: "empty" } };
}

/** Every combination of the axes' values, the first axis running fastest. */
export function cellsOf(document: Document, axes: readonly Axis[]): Cell[] {
  let cells: Cell[] = [{ place: [], document }];
  for (const axis of axes.toReversed())
    cells = cells.flatMap((cell) =>
      axis.values.map((value, index) => ({
        place: [index, ...cell.place],
        document: withValue(cell.document, axis, value),
      })),
    );
  return cells;
}

export interface Cost {
  readonly cells: number;
  /** How many nodes run in all if each distinct result is computed once. */
  readonly runs: number;
  /** How many ran if every picture were made from scratch. */
  readonly naive: number;
  /** Nodes that are the same for all pictures. */
  readonly shared: number;
  /** How often each node runs. */
  readonly times: ReadonlyMap<string, number>;
}

/** What a sweep computes: a node runs once for each combination of the values that reach it. */
export function costOf(flat: FlatGraph, needed: ReadonlySet<string>, axes: readonly Axis[]): Cost {
  const reached = axes.map((axis) => nodesBelow(flat, varied(flat, axis)));
  const times = new Map<string, number>();
  for (const node of needed)
    times.set(node, axes.reduce((count, { values }, index) => count * (reached[index]?.has(node) ? values.length : 1), 1));
  const cells = axes.reduce((count, { values }) => count * values.length, 1);
  const counts = [...times.values()];
  return {
    cells,
    runs: counts.reduce((sum, count) => sum + count, 0),
    naive: needed.size * cells,
    shared: counts.filter((count) => count === 1).length,
    times,
  };
}

/** A value as the label of a row or column. */
export function valueLabel(value: Json): string {
  const text = typeof value === "string" ? (value.split("/").at(-1) ?? value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** The nodes whose inputs an axis changes, as they run: all copies of what a definition holds. */
function varied({ nodes, instances }: FlatGraph, { scope, node }: Axis): string[] {
  const own = [...scope, node].join("/");
  if (nodes[own]) return scope.length ? Object.keys(nodes).filter((id) => id.endsWith(`/${node}`)) : [own];
  return [...(instances.get(own) ?? [])];
}

function withValue(document: Document, { scope, node, port }: Axis, value: Json): Document {
  return amend(open(document), setValue, [{ node, port, value }], scope).document;
}

function single(part: string): { values: Numeric[] } | { problem: SweepProblem } {
  const value = evaluate(part);
  return value === null ? { problem: { code: "notNumber", text: part } } : { values: [value] };
}

function rangeOf([, from = "", to = "", step]: RegExpExecArray, part: string): { values: Numeric[] } | { problem: SweepProblem } {
  const ends = [from, to].map(evaluate);
  const [first, last] = ends.map(Number);
  if (ends.includes(null) || first === undefined || last === undefined) return { problem: { code: "notNumber", text: part } };
  const by = step === undefined ? 1 : evaluate(step);
  const size = Math.abs(Number(by));
  if (by === null || !(size > 0)) return { problem: { code: "badStep", text: part } };
  const count = Math.floor(Math.abs(last - first) / size + 1e-9) + 1;
  if (count > MOST_CELLS) return { problem: { code: "tooMany", most: MOST_CELLS } };
  const sign = last < first ? -1 : 1;
  return { values: Array.from({ length: count }, (_, index) => Number((first + sign * size * index).toFixed(10))) };
}

function checked(values: readonly Numeric[], widget: Widget): Parsed {
  for (const value of values) {
    if (isWhole(widget) && typeof value === "number" && !Number.isInteger(value)) return { problem: { code: "notWhole", text: String(value) } };
    if (beyond(value, widget)) return { problem: { code: "beyond", text: String(value) } };
  }
  const distinct = [...new Set(values.map((value) => fitted(value, widget)))];
  return distinct.length ? { values: distinct as Json[] } : { problem: { code: "empty" } };
}
