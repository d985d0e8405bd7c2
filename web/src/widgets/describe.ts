/** What there is to say about a port in words: its help, what it takes, what is wrong with it. */
import type { Port } from "../model/catalog/catalog";
import { colorText, isColor } from "../model/values/color";
import type { Json } from "../model/document/document";
import { grouped, isWhole } from "../model/values/number";
import type { Problem } from "../model/runs/problems";
import { t } from "../i18n/text";

/** Bounds beyond this are there for the computer's sake; they say nothing to a person. */
const TELLING = 1e9;

/** The bounds of a number in words, as far as there are any: `1 to 10000`. */
export function rangeOf(port: Port): string {
  const { widget } = port;
  if (!widget || isColor(port) || (!isWhole(widget) && widget.kind !== "float" && widget.kind !== "slider")) return "";
  const [low, high] = [widget.min, widget.max].map((bound) =>
    bound === null || bound === undefined || Math.abs(Number(bound)) > TELLING ? null : grouped(bound, { kind: isWhole(widget) ? "int" : "float", step: 1 }),
  );
  if (low && high) return t("inspector.range", { min: low, max: high });
  if (low) return t("inspector.from", { min: low });
  return high ? t("inspector.upTo", { max: high }) : "";
}

/** The default in words; `""` if there is none or it is empty. */
export function defaultOf(port: Port): string {
  const { default: value, widget } = port;
  if (value === undefined || value === null || value === "" || widget?.kind === "toggle") return "";
  return t("inspector.default", { value: isColor(port) ? colorText(value) : short(value) });
}

/** Help, range and problem, one paragraph each. */
export function tipOf(port: Port, problem: Problem | null): string {
  const facts = [rangeOf(port), defaultOf(port)].filter(Boolean).join(" · ");
  const wrong = problem ? [problem.message, problem.hint].filter(Boolean).join(" ") : "";
  return [wrong, plain(port.help ?? ""), facts].filter(Boolean).join("\n");
}

/** Without Markdown's marks. */
function plain(text: string): string {
  return text.replaceAll("`", "").replaceAll(/\s+/g, " ").trim();
}

function short(value: Json): string {
  const text = typeof value === "object" ? "…" : String(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
