/** Differences in words. */
import { INPUTS, isBorder } from "../../model/subgraphs/border";
import { outputOf, type Catalog } from "../../model/catalog/catalog";
import type { Document, Graph, Json, NodeId, PortRef } from "../../model/document/document";
import type { Difference, FieldDiff } from "../../model/document/diff";
import { toJson } from "../../model/format/json";
import { hasText, t } from "../../i18n/text";
import { label, portLabel } from "../../ui/format";

/** One of the two states, with the types that its nodes have. */
export interface Side {
  readonly document: Document;
  readonly types: Catalog;
}

const LONGEST = 90;

/** What the difference is about: a node's title, a wire's ends. */
export function subject({ graph, item, id, kind }: Difference, sides: { readonly before: Side; readonly after: Side }): string {
  const side = kind === "removed" ? sides.before : sides.after;
  const { document } = side;
  const inside = graph ? document.subgraphs[graph] : document;
  switch (item) {
    case "document":
      return document.name;
    case "subgraph":
      return t("diff.subgraph", { name: inside && "inputs" in inside ? inside.name : id });
    case "input":
    case "output": {
      const ports = inside && "inputs" in inside ? inside[item === "input" ? "inputs" : "outputs"] : [];
      return t(`diff.${item}`, { name: ports.find((port) => port.id === id)?.name ?? id });
    }
    case "wire": {
      const wire = inside?.wires[id];
      return wire && inside ? `${endName(side, inside, wire.from)} → ${endName(side, inside, wire.to)}` : id.replace("\n", " ");
    }
    case "frame":
      return t("diff.frame", { name: inside?.frames[id]?.title ?? id });
    case "note":
      return t("diff.note", { name: inside?.notes[id]?.text.split("\n")[0]?.slice(0, 40) ?? id });
    case "node":
      return inside ? nodeName(side, inside, id) : id;
  }
}

/** A node's title, or what its type is called. */
export function nodeName({ types }: Side, graph: Graph, id: NodeId): string {
  if (isBorder(id)) return t(id === INPUTS ? "subgraph.inputs" : "subgraph.outputs");
  const node = graph.nodes[id];
  return node?.title ?? types.spec(node?.type ?? "")?.title ?? node?.type ?? id;
}

function endName(side: Side, graph: Graph, [node, port]: PortRef): string {
  const spec = side.types.spec(graph.nodes[node]?.type ?? "");
  const known = spec?.inputs.find(({ name }) => name === port) ?? outputOf(spec, port);
  return `${nodeName(side, graph, node)} ${known ? portLabel(known) : label(port)}`;
}

/** What a field is called; the values of nodes by their ports' labels. */
export function fieldName({ field }: FieldDiff, difference: Difference, { after }: { readonly after: Side }): string {
  const known = `diff.field.${field}`;
  if (hasText(known)) return t(known);
  const [kind = "", ...rest] = field.split(".");
  const name = rest.join(".");
  if (kind === "controls") return t("diff.control", { name: label(name) });
  if (kind !== "values") return label(field);
  const graph = difference.graph ? after.document.subgraphs[difference.graph] : after.document;
  const spec = after.types.spec(graph?.nodes[difference.id]?.type ?? "");
  const port = spec?.inputs.find((input) => input.name === name);
  return port ? portLabel(port) : label(name);
}

/** A value as it is read; long ones are cut. */
export function valueWords(value: Json | undefined): string {
  if (value === undefined) return t("diff.unset");
  const text = typeof value === "string" ? value : toJson(value);
  return text === "" ? t("diff.empty") : text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

