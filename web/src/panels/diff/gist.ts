/** What differs between two states, in a few words: for a row of a list. */
import type { Difference, DiffKind, FieldDiff } from "../../model/document/diff";
import type { Json } from "../../model/document/document";
import { t } from "../../i18n/text";
import { fieldName, subject, valueWords, type Side } from "./words";

type Sides = { readonly before: Side; readonly after: Side };

const SAID = 3;
/** Longer values are not read in passing. */
const SHORT = 16;

/** What counts most comes first: nodes, then values, names, wires, the rest; what was only moved counts if nothing else does. */
export function gistOf(differences: readonly Difference[], sides: Sides): string {
  const nodes = differences.filter(({ item }) => item === "node");
  const whole = [...counted(nodes, "added", sides), ...counted(nodes, "removed", sides)];
  const parts = [
    ...whole,
    ...values(nodes, sides),
    ...differences.flatMap((difference) => others(difference, sides)),
    ...(whole.length === 0 && differences.some(({ item, kind }) => item === "wire" && kind !== "moved") ? [t("versions.rewired")] : []),
  ];
  const said = [...new Set(parts.filter(Boolean))];
  if (said.length > SAID) return [...said.slice(0, SAID - 1), t("versions.more", { count: said.length - SAID + 1 })].join(" · ");
  if (said.length > 0) return said.join(" · ");
  return t(differences.length ? "versions.moved" : "versions.unchanged");
}

/** One is named, several are counted. */
function counted(nodes: readonly Difference[], kind: "added" | "removed", sides: Sides): string[] {
  const found = nodes.filter((difference) => difference.kind === kind);
  const [first] = found;
  if (!first) return [];
  return [found.length === 1 ? named(first, kind, sides) : t(`versions.${kind}`, { count: found.length })];
}

function named(difference: Difference, kind: DiffKind, sides: Sides): string {
  return `${subject(difference, sides)} ${t(`diff.${kind}`)}`;
}

/** What was set, seeds last: they are drawn anew by each run. */
function values(nodes: readonly Difference[], sides: Sides): string[] {
  const found = nodes.filter(({ kind }) => kind === "changed").flatMap((difference) => difference.fields.map((field) => ({ field, difference })));
  const isSeed = ({ field: { field } }: (typeof found)[number]): number => Number(field.endsWith("seed"));
  return found.toSorted((a, b) => isSeed(a) - isSeed(b)).map(({ field, difference }) => fieldWords(field, difference, sides));
}

/** `steps 20 → 30`; of a long value only that it changed, of a place nothing. */
function fieldWords(field: FieldDiff, difference: Difference, sides: Sides): string {
  if (field.field === "at" || field.field === "size") return "";
  const name = fieldName(field, difference, sides);
  if (!isShort(field.before) || !isShort(field.after)) return `${name} ${t("diff.changed")}`;
  return `${name} ${valueWords(field.before)} → ${valueWords(field.after)}`;
}

function isShort(value: Json | undefined): boolean {
  return value === undefined || (typeof value !== "object" && valueWords(value).length <= SHORT);
}

/** Neither nodes nor wires: the name, frames, notes, subgraphs. */
function others(difference: Difference, sides: Sides): string[] {
  const { item, kind, fields } = difference;
  if (item === "node" || item === "wire" || kind === "moved") return [];
  if (item !== "document") return [named(difference, kind, sides)];
  return [fields.some(({ field }) => field === "name") ? t("versions.renamed") : `${t("diff.document")} ${t("diff.changed")}`];
}
