/**
 * A subgraph's definition between its file and its edited shape.
 *
 * In the file a port lists the ends inside that it feeds (`to`) or names the one that it hands out
 * (`from`; `["", ""]` while it is not wired). `ports` keeps where the border stands and how its
 * wires are drawn.
 */
import { borderLooks, handedOut, INPUTS, isBorder, OUTPUTS, withBorder } from "../subgraphs/border";
import { wireKey, type Graph, type Json, type PortRef, type Subgraph, type SubgraphPort, type Wire, type WorkflowNode } from "../document/document";
import { isPoint, isPortRef, isRecord } from "./guards";

const UNWIRED: PortRef = ["", ""];

/** A definition from a file: its fields beside the graph, and the graph without a border. */
export function definitionFrom(id: string, fields: Record<string, unknown>, inside: Graph): Subgraph {
  const { name, inputs, outputs, ports, ...rest } = fields;
  const drawn = isRecord(ports) ? ports : {};
  const made = new Map(Object.entries(inside.wires));
  const add = (wire: Wire): void => {
    const key = wireKey(wire.to);
    if (exists(inside, wire) && !made.has(key)) made.set(key, wire);
  };
  for (const wire of knotted(drawn["wires"])) add(wire);
  for (const port of listed(inputs))
    for (const to of Array.isArray(port["to"]) ? port["to"].filter(isPortRef) : []) add({ from: [INPUTS, port.id], to });
  for (const port of listed(outputs)) if (isPortRef(port["from"])) add({ from: port["from"], to: [OUTPUTS, port.id] });
  return {
    ...inside,
    name: typeof name === "string" ? name : "",
    inputs: listed(inputs).map((port) => without(port, "to")),
    outputs: listed(outputs).map((port) => without(port, "from")),
    nodes: withBorder(id, inside.nodes, { inputs: looks(drawn["inputs"]), outputs: looks(drawn["outputs"]) }),
    wires: onlyPorts(Object.fromEntries(made), listed(inputs), listed(outputs)),
    rest: rest as Record<string, Json>,
  };
}

export interface DefinitionFile {
  readonly name: string;
  readonly inputs: readonly object[];
  readonly outputs: readonly object[];
  readonly inside: Graph;
  readonly ports: object;
}

/** The parts of a definition as files have them. */
export function definitionToFile(definition: Subgraph): DefinitionFile {
  const { name, inputs, outputs, nodes, wires, frames, notes } = definition;
  const ends = Map.groupBy(
    Object.values(wires).filter(({ from }) => from[0] === INPUTS),
    ({ from }) => from[1],
  );
  const all = Object.entries(wires);
  const drawn = all.map(([, wire]) => wire).filter((wire) => crosses(wire) && Object.keys(wire).length > 2);
  return {
    name,
    inputs: inputs.map((port) => ({ ...port, to: (ends.get(port.id) ?? []).map(({ to }) => to) })),
    outputs: outputs.map((port) => ({ ...port, from: handedOut(definition, port.id) ?? UNWIRED })),
    inside: {
      nodes: Object.fromEntries(Object.entries(nodes).filter(([id]) => !isBorder(id))),
      wires: Object.fromEntries(all.filter(([, wire]) => !crosses(wire))),
      frames,
      notes,
    },
    ports: { inputs: borderLooks(nodes[INPUTS]), outputs: borderLooks(nodes[OUTPUTS]), ...(drawn.length && { wires: drawn }) },
  };
}

function crosses({ from, to }: Wire): boolean {
  return isBorder(from[0]) || isBorder(to[0]);
}

type RawPort = SubgraphPort & Readonly<Record<string, unknown>>;

/** Ports with an id each; the second with the same id is left out. */
function listed(data: unknown): RawPort[] {
  const found = new Map<string, RawPort>();
  for (const port of Array.isArray(data) ? data : []) {
    if (!isRecord(port) || typeof port["id"] !== "string" || found.has(port["id"])) continue;
    const { id, name, type } = port;
    const words = { name: typeof name === "string" ? name : id, type: typeof type === "string" ? type : "*" };
    found.set(id, { ...port, id, ...words });
  }
  return [...found.values()];
}

function without(port: RawPort, field: string): SubgraphPort {
  return Object.fromEntries(Object.entries(port).filter(([name]) => name !== field)) as unknown as SubgraphPort;
}

function knotted(data: unknown): Wire[] {
  return (Array.isArray(data) ? data : []).filter(
    (wire): wire is Wire => isRecord(wire) && isPortRef(wire["from"]) && isPortRef(wire["to"]),
  );
}

function exists({ nodes }: Graph, { from, to }: Wire): boolean {
  const inner = (id: string): boolean => Object.hasOwn(nodes, id) && !isBorder(id);
  return (inner(from[0]) && (inner(to[0]) || to[0] === OUTPUTS)) || (from[0] === INPUTS && inner(to[0]));
}

/** Without wires at ports that the border does not have. */
function onlyPorts(wires: Graph["wires"], inputs: readonly SubgraphPort[], outputs: readonly SubgraphPort[]): Graph["wires"] {
  const entering = new Set(inputs.map(({ id }) => id));
  const leaving = new Set(outputs.map(({ id }) => id));
  const known = ({ from, to }: Wire): boolean =>
    (from[0] !== INPUTS || entering.has(from[1])) && (to[0] !== OUTPUTS || leaving.has(to[1]));
  return Object.fromEntries(Object.entries(wires).filter(([, wire]) => known(wire)));
}

function looks(data: unknown): Partial<WorkflowNode> {
  if (!isRecord(data)) return {};
  const { at, size, collapsed, color } = data;
  return {
    ...(isPoint(at) && { at }),
    ...(isPoint(size) && { size }),
    ...(typeof collapsed === "boolean" && { collapsed }),
    ...(typeof color === "string" && { color }),
  };
}
