/** The widgets that a sweep can vary, and what a person has entered for them. */
import type { Choice, Port, Widget } from "../../model/catalog/catalog";
import { wireKey, type Json, type NodeId, type Scope } from "../../model/document/document";
import { parseLines, parseNumbers, type Axis, type SweepProblem } from "../../model/runs/sweep";
import { isWhole } from "../../model/values/number";
import { portLabel } from "../../ui/format";
import type { Workspace } from "../../state/workspace";

export interface SweepField {
  readonly id: string;
  readonly scope: Scope;
  readonly node: NodeId;
  /** The node's title. */
  readonly of: string;
  readonly port: Port;
  readonly value: Json | undefined;
}

/** What is entered: a text, or some of the choices. */
export interface AxisWish {
  readonly field: string;
  readonly text: string;
  readonly chosen: readonly Choice[];
}

export type FieldKind = "numbers" | "lines" | "choices";

const NUMBERS: ReadonlySet<string> = new Set(["int", "float", "seed", "slider"]);

export function kindOf({ kind, choices }: Widget): FieldKind {
  if (NUMBERS.has(kind)) return "numbers";
  return choices || kind === "toggle" ? "choices" : "lines";
}

export function choicesOf({ kind, choices }: Widget): readonly Choice[] {
  return kind === "toggle" ? [true, false] : (choices ?? []);
}

/** The free widgets of what is selected, else of all nodes; numbers first. */
export function fieldsOf({ documents, view, types }: Workspace): SweepField[] {
  const { graph, scope } = documents;
  const selected = [...view.getState().nodes].filter((id) => graph.nodes[id]);
  const found = (selected.length ? selected : Object.keys(graph.nodes)).flatMap((node) => {
    const { type, title, values = {} } = graph.nodes[node] ?? {};
    const spec = types?.spec(type ?? "");
    return (spec?.inputs ?? []).flatMap((port): SweepField[] => {
      const usable = port.widget && !port.widget.upload && !(wireKey([node, port.name]) in graph.wires);
      if (!usable) return [];
      return [{ id: `${node}\n${port.name}`, scope, node, of: title ?? spec?.title ?? "", port, value: values[port.name] ?? port.default }];
    });
  });
  return found.toSorted((a, b) => rank(a) - rank(b));
}

/** What people vary most comes first: numbers that are no seeds. */
function rank({ port: { widget } }: SweepField): number {
  if (!widget || kindOf(widget) !== "numbers") return 1;
  return widget.kind === "seed" ? 1 : 0;
}

/** A field as it is now: to begin with, the values that it has and near it. */
export function firstWish(field: SweepField | undefined): AxisWish {
  const { id = "", port, value } = field ?? {};
  const widget = port?.widget;
  if (!widget) return { field: id, text: "", chosen: [] };
  switch (kindOf(widget)) {
    case "numbers":
      return { field: id, text: near(Number(value ?? 0), widget), chosen: [] };
    case "lines":
      return { field: id, text: typeof value === "string" ? value : "", chosen: [] };
    case "choices":
      return { field: id, text: "", chosen: choicesOf(widget).slice(0, 4) };
  }
}

/** Three values around the present one. */
function near(value: number, widget: Widget): string {
  const { min, max } = widget;
  if (widget.kind === "seed") return `${value}, ${value + 1}, ${value + 2}`;
  const apart = Math.abs(value) >= 4 ? Math.round(Math.abs(value) / 4) : isWhole(widget) ? 1 : 0.25;
  const around = [value - apart, value, value + apart].map((number) => Number(number.toFixed(6)));
  return around.filter((number) => number >= Number(min ?? -Infinity) && number <= Number(max ?? Infinity)).join(", ");
}

/** What was entered as an axis, or what is wrong with it. */
export function axisOf({ field: id, text, chosen }: AxisWish, fields: readonly SweepField[]): Axis | { problem: SweepProblem } {
  const field = fields.find((item) => item.id === id);
  const widget = field?.port.widget;
  if (!field || !widget) return { problem: { code: "empty" } };
  const { scope, node, port } = field;
  const axis = { scope, node, port: port.name, label: portLabel(port) };
  const kind = kindOf(widget);
  if (kind === "choices") return chosen.length ? { ...axis, values: [...chosen] } : { problem: { code: "empty" } };
  const parsed = kind === "numbers" ? parseNumbers(text, widget) : parseLines(text);
  return "problem" in parsed ? parsed : { ...axis, values: parsed.values };
}
