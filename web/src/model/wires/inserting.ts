/** Putting a node into a wire, so that what ran past it runs through it. */
import { accepts, inputOf, outputOf, type Catalog, type NodeSpec } from "../catalog/catalog";
import { withDownstream, withUpstream } from "../selection/selecting";
import type { Graph, NodeId, Wire } from "../document/document";

/** The ports of a node that a wire would run through. */
export interface Passage {
  readonly input: string;
  readonly output: string;
}

/** How a wire can run through a node of some type; `null` if it cannot. Ports without widgets come first. */
export function passage(graph: Graph, catalog: Catalog, wire: Wire, spec: NodeSpec): Passage | null {
  const source = outputOf(catalog.spec(graph.nodes[wire.from[0]]?.type ?? ""), wire.from[1]);
  const target = inputOf(catalog.spec(graph.nodes[wire.to[0]]?.type ?? ""), wire.to[1]);
  if (!source || !target) return null;
  const fits = spec.inputs.filter((port) => accepts(port.type, source.type));
  const input = fits.find((port) => port.type === source.type && !port.widget) ?? fits.find((port) => !port.widget);
  const output = spec.outputs.find((port) => port.type === target.type) ?? spec.outputs.find((port) => accepts(target.type, port.type));
  return input && output ? { input: input.name, output: output.name } : null;
}

/** The two wires that take the place of one. */
export function wiresThrough(wire: Wire, node: NodeId, { input, output }: Passage): [Wire, Wire] {
  return [
    { from: wire.from, to: [node, input] },
    { from: [node, output], to: wire.to },
  ];
}

/** Whether nothing is wired to a node yet, so that dropping it on a wire may mean to insert it. */
export function isUnwired(graph: Graph, id: NodeId): boolean {
  return Object.values(graph.wires).every((wire) => wire.from[0] !== id && wire.to[0] !== id);
}

/** Nodes that a wire from or to this port must not reach, because that would close a circle. */
export function circleMakers(graph: Graph, node: NodeId, side: "output" | "input"): ReadonlySet<NodeId> {
  return new Set(side === "output" ? withUpstream(graph, [node]) : withDownstream(graph, [node]));
}
