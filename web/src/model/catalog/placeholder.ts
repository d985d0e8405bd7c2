/** Nodes whose type no pack declares: what can be said about them from the graph alone. */
import type { NodeSpec, Port } from "./catalog";
import type { Graph, Json, NodeId } from "../document/document";
import { toJson } from "../format/json";
import { wiringOf } from "../document/wiring";

/** The category of such types. */
const MISSING = "missing";
/** The kind of the widgets that show their values. */
export const KEPT = "kept";
const LONG = 40;

/** A node type that the catalog lacks, guessed from what the graph says about one use of it. */
export function placeholderSpec(graph: Graph, id: NodeId): NodeSpec {
  const { type = "", values = {} } = graph.nodes[id] ?? {};
  const { into, outOf } = wiringOf(graph.wires);
  const inputs = (into.get(id) ?? []).map(({ to }) => to[1]);
  const outputs = (outOf.get(id) ?? []).map(({ from }) => from[1]);
  const wired = [...new Set(inputs)].filter((name) => !Object.hasOwn(values, name));
  return {
    id: type,
    title: type,
    category: MISSING,
    help: "",
    version: "",
    cache: "pure",
    pack: packOf(type),
    source: "",
    inputs: [...wired.map((name) => ({ name, type: "*" })), ...Object.entries(values).map(keptPort)],
    outputs: [...new Set(outputs)].map((name) => ({ name, type: "*" })),
  };
}

export function isPlaceholder({ category, source }: NodeSpec): boolean {
  return category === MISSING && source === "";
}

/** A value that cannot be edited, as text. */
export function keptText(value: Json | undefined): string {
  return typeof value === "string" ? value : value === undefined ? "" : toJson(value);
}

/** Types of two packs with one name go by `pack/id`. */
function packOf(type: string): string {
  return type.includes("/") ? type.slice(0, type.indexOf("/")) : "";
}

function keptPort([name, value]: [string, Json]): Port {
  const text = keptText(value);
  const multiline = text.length > LONG || text.includes("\n");
  return { name, type: "*", widget: { kind: KEPT, ...(multiline && { multiline }) } };
}
