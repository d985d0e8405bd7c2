/**
 * The border of a subgraph, seen from inside: one node with the ports that come in, one with
 * those that go out. They are nodes like others, except that they cannot be deleted or copied,
 * and do not run. No node of a file can have their ids: ids contain no slash.
 */
import { wireKey, type Document, type Graph, type NodeId, type Point, type PortRef, type Subgraph, type WorkflowNode } from "../document/document";

export const INPUTS: NodeId = "/in";
export const OUTPUTS: NodeId = "/out";

/** The place on the border where a wire makes a new port. */
export const NEW_PORT = "+";

const IN_TYPE = "subgraph-in:";
const OUT_TYPE = "subgraph-out:";
/** What a border node may be given by a person: its place and looks. */
const LOOKS = ["at", "size", "collapsed", "color"] as const;
const APART = 264;

export function isBorder(node: NodeId): boolean {
  return node === INPUTS || node === OUTPUTS;
}

/** The node types of a definition's border. */
export function borderTypes(definition: string): { readonly inputs: string; readonly outputs: string } {
  return { inputs: IN_TYPE + definition, outputs: OUT_TYPE + definition };
}

/** The nodes of a graph that run. */
export function innerNodes(graph: Pick<Graph, "nodes">): [NodeId, WorkflowNode][] {
  return Object.entries(graph.nodes).filter(([id]) => !isBorder(id));
}

/** The inputs inside that a port feeds. */
export function fedBy(definition: Graph, port: string): PortRef[] {
  return Object.values(definition.wires)
    .filter(({ from }) => from[0] === INPUTS && from[1] === port)
    .map(({ to }) => to);
}

/** The output inside that a port hands out; nothing while it is not wired. */
export function handedOut(definition: Graph, port: string): PortRef | undefined {
  return definition.wires[wireKey([OUTPUTS, port])]?.from;
}

/** The looks of a border node as files keep them. */
export function borderLooks(node: WorkflowNode | undefined): Partial<WorkflowNode> {
  return Object.fromEntries(LOOKS.flatMap((name) => (node?.[name] === undefined ? [] : [[name, node[name]]])));
}

/** Nodes with the border of a definition around them, where it was or beside them. */
export function withBorder(
  definition: string,
  nodes: Graph["nodes"],
  looks: { readonly inputs?: Partial<WorkflowNode>; readonly outputs?: Partial<WorkflowNode> } = {},
): Graph["nodes"] {
  const types = borderTypes(definition);
  const [left, right] = beside(nodes);
  return {
    ...nodes,
    [INPUTS]: { at: left, ...looks.inputs, type: types.inputs, values: {} },
    [OUTPUTS]: { at: right, ...looks.outputs, type: types.outputs, values: {} },
  };
}

/** The same definition under another id. */
export function renamedDefinition(definition: Subgraph, id: string): Subgraph {
  const looks = { inputs: borderLooks(definition.nodes[INPUTS]), outputs: borderLooks(definition.nodes[OUTPUTS]) };
  return { ...definition, nodes: withBorder(id, Object.fromEntries(innerNodes(definition)), looks) };
}

/** The id of a definition that a document does not have yet, made of its name so that files can be read. */
export function freshDefinitionId(subgraphs: Document["subgraphs"], name: string): string {
  return freshName(slug(name) || "subgraph", (id) => Object.hasOwn(subgraphs, id), "-");
}

/** The id of a port that a definition does not have yet. */
export function freshPortId(ports: readonly { readonly id: string }[], name: string): string {
  return freshName(slug(name) || "port", (id) => ports.some((port) => port.id === id), "_");
}

/** The name of a port, other than those that there are. */
export function freshPortName(ports: readonly { readonly name: string }[], name: string): string {
  return freshName(name, (wanted) => ports.some((port) => port.name === wanted));
}

/** A name, or the first of `name 2`, `name 3` ... that is free. */
export function freshName(wanted: string, taken: (name: string) => boolean, joint = " "): string {
  for (let count = 1; ; count++) {
    const name = count === 1 ? wanted : `${wanted}${joint}${count}`;
    if (!taken(name)) return name;
  }
}

/** Letters and digits of any script; what else there is, is a gap. Names of every object are no ids. */
function slug(name: string): string {
  const plain = name.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, "_").replaceAll(/^_+|_+$/g, "");
  return plain in {} ? `${plain}_` : plain.slice(0, 40);
}

function beside(nodes: Graph["nodes"]): [Point, Point] {
  const places = Object.values(nodes).map(({ at }) => at);
  if (places.length === 0) return [[0, 0], [APART * 2, 0]];
  const xs = places.map(([x]) => x);
  const top = Math.min(...places.map(([, y]) => y));
  return [[Math.min(...xs) - APART, top], [Math.max(...xs) + APART * 1.5, top]];
}
