/** Whether two ports may be wired, and why not. */
import { accepts, inputOf, outputOf, type Catalog } from "./catalog";
import { wireKey, type Document, type NodeId, type PortRef, type Wire } from "./document";

export type Refusal =
  | { readonly code: "same_node" }
  | { readonly code: "cycle" }
  | { readonly code: "unknown_port" }
  | { readonly code: "wrong_type"; readonly given: string; readonly wanted: string };

/** Why this wire cannot be; `null` if it can. An input that has a wire already gets the new one. */
export function refusal(document: Document, catalog: Catalog, wire: Wire): Refusal | null {
  const [fromNode, fromPort] = wire.from;
  const [toNode, toPort] = wire.to;
  if (fromNode === toNode) return { code: "same_node" };
  const output = outputOf(catalog.spec(document.nodes[fromNode]?.type ?? ""), fromPort);
  const input = inputOf(catalog.spec(document.nodes[toNode]?.type ?? ""), toPort);
  if (!output || !input) return { code: "unknown_port" };
  if (!accepts(input.type, output.type))
    return { code: "wrong_type", given: output.type, wanted: input.type };
  return upstream(document, [fromNode]).has(toNode) ? { code: "cycle" } : null;
}

/** The nodes that these need, themselves included. */
export function upstream(document: Document, from: Iterable<NodeId>): Set<NodeId> {
  const sources = Map.groupBy(Object.values(document.wires), (wire) => wire.to[0]);
  const found = new Set<NodeId>();
  const ahead = [...from];
  for (let node = ahead.pop(); node !== undefined; node = ahead.pop()) {
    if (found.has(node)) continue;
    found.add(node);
    for (const wire of sources.get(node) ?? []) ahead.push(wire.from[0]);
  }
  return found;
}

export function wireInto(document: Document, to: PortRef): Wire | undefined {
  return document.wires[wireKey(to)];
}

/** The first input of a type that an output fits: where a wire dropped on a node goes. */
export function bestInput(
  document: Document,
  catalog: Catalog,
  from: PortRef,
  node: NodeId,
): string | undefined {
  const inputs = catalog.spec(document.nodes[node]?.type ?? "")?.inputs ?? [];
  const fits = inputs.filter((port) => !refusal(document, catalog, { from, to: [node, port.name] }));
  const free = fits.find((port) => !port.widget && !wireInto(document, [node, port.name]));
  return (free ?? fits.find((port) => !port.widget))?.name;
}
