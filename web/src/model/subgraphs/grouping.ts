/** Making a subgraph of some nodes, and putting an instance's nodes back in its place. */
import { freshDefinitionId, freshPortId, freshPortName, innerNodes, INPUTS, isBorder, OUTPUTS, withBorder } from "./border";
import { inputOf, outputOf, type Catalog, type OutputPort, type Port } from "../catalog/catalog";
import type { Grouped, Unpacked } from "../commands";
import { instanceType, subgraphOf, wireKey, type Document, type Graph, type NodeId, type Point, type PortRef, type SubgraphPort, type Wire, type WorkflowNode } from "../document/document";
import { overridden, overridesIn } from "./flatten";
import { freshIds, freshKeys } from "../document/ids";
import { cornerOf, type Chosen } from "../clipboard/clipboard";

/** The subgraph that some nodes make; `null` if there is nothing to put into it. */
export function grouped(document: Document, graph: Graph, types: Catalog, chosen: Chosen, name: string): Grouped | null {
  const inside = new Set([...chosen.nodes].filter((id) => Object.hasOwn(graph.nodes, id) && !isBorder(id)));
  if (inside.size === 0) return null;
  const id = freshDefinitionId(document.subgraphs, name);
  const [instance = ""] = freshIds(graph, 1);
  const nodes = Object.fromEntries(innerNodes(graph).filter(([node]) => inside.has(node)));
  const wires = Object.values(graph.wires);
  const enters = byEnd(wires.filter(({ from, to }) => !inside.has(from[0]) && inside.has(to[0])));
  const leaves = byEnd(wires.filter(({ from, to }) => inside.has(from[0]) && !inside.has(to[0])));
  const titled = (node: NodeId): string => titleOf(graph, types, node);
  const inputs = portsFor(inOrder(enters, nodes, "to"), ([{ from, to }]) => [portOf(input(graph, types, to) ?? output(graph, types, from), to[1]), titled(to[0])]);
  const outputs = portsFor(inOrder(leaves, nodes, "from"), ([{ from }]) => [portOf(output(graph, types, from), from[1]), titled(from[0])]);
  const inner = [
    ...wires.filter(({ from, to }) => inside.has(from[0]) && inside.has(to[0])),
    ...inputs.flatMap(({ port, group }) => group.map(({ to }): Wire => ({ from: [INPUTS, port.id], to }))),
    ...outputs.map(({ port, group: [{ from }] }): Wire => ({ from, to: [OUTPUTS, port.id] })),
  ];
  const frames = [...(chosen.frames ?? [])];
  const notes = [...(chosen.notes ?? [])];
  return {
    removed: { nodes: [...inside], frames, notes },
    id,
    definition: {
      name,
      inputs: inputs.map(({ port }) => port),
      outputs: outputs.map(({ port }) => port),
      nodes: withBorder(id, nodes),
      wires: keyed(inner),
      frames: picked(graph.frames, frames),
      notes: picked(graph.notes, notes),
      rest: {},
    },
    instance,
    node: { type: instanceType(id), at: cornerOf({ nodes, frames: {}, notes: {} }), values: {} },
    wires: [
      ...inputs.map(({ port, group: [{ from }] }): Wire => ({ from, to: [instance, port.id] })),
      ...outputs.flatMap(({ port, group }) => group.map(({ to }): Wire => ({ from: [instance, port.id], to }))),
    ],
  };
}

/** What an instance becomes when its nodes take its place: its values are written into them. */
export function unpacked(document: Document, graph: Graph, instance: NodeId): Unpacked | null {
  const node = graph.nodes[instance];
  const definition = node && document.subgraphs[subgraphOf(node.type) ?? ""];
  if (!node || !definition) return null;
  const olds = innerNodes(definition);
  const ids = freshIds(graph, olds.length);
  const renamed = new Map(olds.map(([old], index) => [old, ids[index] ?? old]));
  const by = offset(node.at, definition);
  const overrides = overridesIn(definition, node);
  const nodes = olds.map(([old, inner]): [NodeId, WorkflowNode] => {
    const { mode = node.mode, ...whole } = overridden(inner, overrides.get(old));
    return [renamed.get(old) ?? old, { ...whole, at: moved(inner.at, by), ...(mode && { mode }) }];
  });
  return {
    instance,
    nodes: Object.fromEntries(nodes),
    wires: unpackedWires(graph, definition, instance, renamed, by),
    frames: placed(definition.frames, graph.frames, by),
    notes: placed(definition.notes, graph.notes, by),
  };
}

function unpackedWires(graph: Graph, definition: Graph, instance: NodeId, renamed: ReadonlyMap<string, string>, by: Point): Wire[] {
  const inner = ([node, port]: PortRef): PortRef => [renamed.get(node) ?? node, port];
  const made: Wire[] = [];
  for (const wire of Object.values(definition.wires)) {
    if (wire.to[0] === OUTPUTS) continue;
    const outside = wire.from[0] === INPUTS ? graph.wires[wireKey([instance, wire.from[1]])]?.from : undefined;
    if (outside && outside[0] !== instance) made.push({ from: outside, to: inner(wire.to) });
    // An instance wired to itself: what it hands out goes straight back in.
    const back = outside?.[0] === instance ? definition.wires[wireKey([OUTPUTS, outside[1]])] : undefined;
    if (back) made.push({ from: inner(back.from), to: inner(wire.to) });
    if (wire.from[0] !== INPUTS)
      made.push({ ...wire, from: inner(wire.from), to: inner(wire.to), ...(wire.knots && { knots: wire.knots.map((knot) => moved(knot, by)) }) });
  }
  for (const { from, to } of Object.values(graph.wires)) {
    if (from[0] !== instance || to[0] === instance) continue;
    const source = definition.wires[wireKey([OUTPUTS, from[1]])]?.from;
    if (source) made.push({ from: inner(source), to });
  }
  return made;
}

type Group = readonly [Wire, ...Wire[]];

/** Wires by what they come from: they share a port. */
function byEnd(wires: readonly Wire[]): Group[] {
  return [...Map.groupBy(wires, ({ from }) => wireKey(from)).values()] as unknown as Group[];
}

/** From top to bottom, as the nodes inside stand. */
function inOrder(groups: readonly Group[], nodes: Graph["nodes"], end: "from" | "to"): Group[] {
  const at = ([wire]: Group): Point => nodes[wire[end][0]]?.at ?? [0, 0];
  return groups.toSorted((a, b) => at(a)[1] - at(b)[1] || at(a)[0] - at(b)[0]);
}

/** A port for each group; of those that would be called alike, each also says at which node it is. */
function portsFor(groups: readonly Group[], describe: (group: Group) => readonly [Omit<SubgraphPort, "id">, title: string]): { port: SubgraphPort; group: Group }[] {
  const made: { port: SubgraphPort; group: Group }[] = [];
  const names = groups.map((group) => describe(group)[0].name);
  for (const group of groups) {
    const [words, title] = describe(group);
    const alike = names.filter((other) => other === words.name).length > 1;
    const ports = made.map(({ port }) => port);
    const name = freshPortName(ports, alike ? `${title} ${words.name}` : words.name);
    made.push({ port: { ...words, id: freshPortId(ports, name), name }, group });
  }
  return made;
}

function portOf(port: Port | OutputPort | undefined, name: string): Omit<SubgraphPort, "id"> {
  return { name: port?.label ?? name.replaceAll("_", " "), type: port?.type ?? "*" };
}

/** What a node is called. */
export function titleOf({ nodes }: Graph, types: Catalog, id: NodeId): string {
  const node = nodes[id];
  return node?.title ?? types.spec(node?.type ?? "")?.title ?? node?.type ?? id;
}

function input(graph: Graph, types: Catalog, [node, port]: PortRef): Port | undefined {
  return inputOf(types.spec(graph.nodes[node]?.type ?? ""), port);
}

function output(graph: Graph, types: Catalog, [node, port]: PortRef): OutputPort | undefined {
  return outputOf(types.spec(graph.nodes[node]?.type ?? ""), port);
}

function keyed(wires: readonly Wire[]): Record<string, Wire> {
  return Object.fromEntries(wires.map((wire) => [wireKey(wire.to), wire]));
}

function picked<T>(items: Readonly<Record<string, T>>, ids: readonly string[]): Record<string, T> {
  const wanted = new Set(ids);
  return Object.fromEntries(Object.entries(items).filter(([id]) => wanted.has(id)));
}

function placed<T extends { readonly at: Point }>(items: Readonly<Record<string, T>>, there: Readonly<Record<string, unknown>>, by: Point): Record<string, T> {
  const ids = freshKeys(there, Object.keys(items).length);
  return Object.fromEntries(Object.values(items).map((item, index) => [ids[index] ?? "", { ...item, at: moved(item.at, by) }]));
}

/** How far the inside has to move so that its upper left node is where the instance was. */
function offset(at: Point, definition: Graph): Point {
  const nodes = Object.fromEntries(innerNodes(definition));
  if (Object.keys(nodes).length === 0) return [0, 0];
  const [x, y] = cornerOf({ nodes, frames: {}, notes: {} });
  return [at[0] - x, at[1] - y];
}

function moved([x, y]: Point, [dx, dy]: Point): Point {
  return [x + dx, y + dy];
}
