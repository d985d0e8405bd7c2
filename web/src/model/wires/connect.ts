/** Whether two ports may be wired, and why not. */
import { accepts, inputOf, outputOf, type Catalog } from "../catalog/catalog";
import { INPUTS, OUTPUTS } from "../subgraphs/border";
import { wireKey, type Graph, type NodeId, type PortRef, type Wire } from "../document/document";
import { wiringOf } from "../document/wiring";

export type Refusal =
  | { readonly code: "same_node" }
  | { readonly code: "cycle" }
  | { readonly code: "unknown_port" }
  | { readonly code: "through" }
  | { readonly code: "wrong_type"; readonly given: string; readonly wanted: string };

/**
 * Why this wire cannot be; `null` if it can. An input that has a wire already gets the new one.
 *
 * Asking for circles walks through the graph: while a wire is drawn, `closes` answers from a set.
 */
export function refusal(
  graph: Graph,
  catalog: Catalog,
  wire: Wire,
  closes: (wire: Wire) => boolean = ({ from, to }) => upstream(graph, [from[0]]).has(to[0]),
): Refusal | null {
  const [fromNode, fromPort] = wire.from;
  const [toNode, toPort] = wire.to;
  if (fromNode === INPUTS && toNode === OUTPUTS) return { code: "through" };
  if (fromNode === toNode) return { code: "same_node" };
  const output = outputOf(catalog.spec(graph.nodes[fromNode]?.type ?? ""), fromPort);
  const input = inputOf(catalog.spec(graph.nodes[toNode]?.type ?? ""), toPort);
  if (!output || !input) return { code: "unknown_port" };
  if (!accepts(input.type, output.type))
    return { code: "wrong_type", given: output.type, wanted: input.type };
  return closes(wire) ? { code: "cycle" } : null;
}

/** The nodes that these need, themselves included. */
export function upstream(graph: Pick<Graph, "wires">, from: Iterable<NodeId>): Set<NodeId> {
  const { into } = wiringOf(graph.wires);
  const found = new Set<NodeId>();
  const ahead = [...from];
  for (let node = ahead.pop(); node !== undefined; node = ahead.pop()) {
    if (found.has(node)) continue;
    found.add(node);
    for (const wire of into.get(node) ?? []) ahead.push(wire.from[0]);
  }
  return found;
}

export function wireInto(graph: Graph, to: PortRef): Wire | undefined {
  return graph.wires[wireKey(to)];
}

/** The first input of a type that an output fits: where a wire dropped on a node goes. */
export function bestInput(
  graph: Graph,
  catalog: Catalog,
  from: PortRef,
  node: NodeId,
): string | undefined {
  const inputs = catalog.spec(graph.nodes[node]?.type ?? "")?.inputs ?? [];
  const fits = inputs.filter((port) => !refusal(graph, catalog, { from, to: [node, port.name] }));
  const free = fits.find((port) => !port.widget && !wireInto(graph, [node, port.name]));
  return (free ?? fits.find((port) => !port.widget))?.name;
}

/** The first output of a node that fits an input. */
export function bestOutput(graph: Graph, catalog: Catalog, to: PortRef, node: NodeId): string | undefined {
  const outputs = catalog.spec(graph.nodes[node]?.type ?? "")?.outputs ?? [];
  return outputs.find((port) => !refusal(graph, catalog, { from: [node, port.name], to }))?.name;
}
