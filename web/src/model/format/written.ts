/** A workflow file's text. Each node's and wire's part of it is written once, as long as it is the same. */
import { toJson } from "./json";

const TEXTS = new WeakMap<object, string>();

/** JSON in two-space steps; of `nodes` each part is kept, and `wires` has one line per wire. */
export function fileText(data: Readonly<Record<string, unknown>>): string {
  const fields = Object.entries(data).flatMap(([name, value]) => (value === undefined ? [] : [`  ${toJson(name)}: ${fieldText(name, value)}`]));
  return `{\n${fields.join(",\n")}\n}\n`;
}

function fieldText(name: string, value: unknown): string {
  if (name === "nodes") return nodesText(value as Record<string, object>);
  return name === "wires" ? wiresText(value as object[]) : stepped(toJson(value, 2), 2);
}

function nodesText(nodes: Readonly<Record<string, object>>): string {
  const parts = Object.entries(nodes).map(([id, node]) => `    ${toJson(id)}: ${kept(node, () => stepped(toJson(node, 2), 4))}`);
  return parts.length ? `{\n${parts.join(",\n")}\n  }` : "{}";
}

function wiresText(wires: readonly object[]): string {
  const lines = wires.map((wire) => `    ${kept(wire, () => toJson(wire))}`);
  return `[${lines.length ? `\n${lines.join(",\n")}\n  ` : ""}]`;
}


/** No text in JSON has a line break of its own. */
function stepped(json: string, spaces: number): string {
  return json.replaceAll("\n", `\n${" ".repeat(spaces)}`);
}

function kept(part: object, write: () => string): string {
  const known = TEXTS.get(part);
  if (known !== undefined) return known;
  const written = write();
  TEXTS.set(part, written);
  return written;
}
