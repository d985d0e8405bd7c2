/**
 * The document as xyflow's nodes and edges. What did not change keeps its identity, so that
 * dragging one node of a thousand touches one.
 */
import { Position, type Edge, type Node, type NodeHandle } from "@xyflow/react";
import { outputOf, type Catalog, type NodeSpec } from "../model/catalog/catalog";
import type { Graph, NodeId, Point, PortRef, Wire, WorkflowNode } from "../model/document/document";
import type { SceneryNode } from "./scenery/scenery";
import { layoutOf, TEXT_ASPECT, type Layout } from "../model/layout/geometry";
import type { Density } from "../model/layout/metrics";
import { placeholderSpec } from "../model/catalog/placeholder";

export type FlowNode = Node<{ spec: NodeSpec; layout: Layout; known: boolean }, "workflow">;
export type AnyNode = FlowNode | SceneryNode;
export type FlowEdge = Edge<{ type: string }, "wire">;

export interface FlowInput {
  readonly graph: Graph;
  readonly catalog: Catalog;
  readonly selected: ReadonlySet<NodeId>;
  readonly moved: Readonly<Record<NodeId, Point>>;
  readonly aspects: Readonly<Record<NodeId, number>>;
  readonly density: Density;
  /** Nodes that show a picture, of whatever shape. Step previews take no part in it. */
  readonly previewed: ReadonlySet<NodeId>;
  /** Nodes that show a text. */
  readonly told: ReadonlySet<NodeId>;
  /** Nodes whose problems hang below them, over whatever is there. */
  readonly troubled: ReadonlySet<NodeId>;
}

const PORT_SIZE = 12;

interface Made {
  readonly node: WorkflowNode;
  readonly spec: NodeSpec;
  readonly at: Point;
  readonly selected: boolean;
  readonly aspect: number | undefined;
  readonly density: Density;
  readonly troubled: boolean;
  readonly flow: FlowNode;
}

/** Makes flow nodes and remembers them by what they were made of. */
export class FlowNodes {
  #made: ReadonlyMap<NodeId, Made> = new Map();
  #last: FlowInput | null = null;
  #flows: FlowNode[] = [];
  #names: object = {};

  /** Another object as soon as nodes have come or gone, or one has another name or type. */
  get names(): object {
    return this.#names;
  }

  /** The same array as before, if there is nothing in it that has changed. */
  from(input: FlowInput): FlowNode[] {
    const { nodes } = input.graph;
    const onlyNodes = this.#last !== null && differInNodes(this.#last, input);
    const next = new Map<NodeId, Made>();
    let same = true;
    let sameNames = true;
    for (const id of Object.keys(nodes)) {
      const old = this.#made.get(id);
      const made = onlyNodes && old?.node === nodes[id] ? old : this.#make(id, input, old);
      if (!made) continue;
      same &&= made.flow === old?.flow;
      sameNames &&= made === old || named(made.node, old?.node);
      next.set(id, made);
    }
    same &&= next.size === this.#made.size;
    if (!sameNames || next.size !== this.#made.size) this.#names = {};
    this.#made = next;
    this.#last = input;
    if (!same) this.#flows = [...next.values()].map(({ flow }) => flow);
    return this.#flows;
  }

  #make(id: NodeId, { graph, catalog, selected, moved, aspects, density, previewed, told, troubled }: FlowInput, old: Made | undefined): Made | null {
    const node = graph.nodes[id];
    if (!node) return null;
    const known = catalog.spec(node.type);
    const spec = known ?? samePlaceholder(old?.spec, placeholderSpec(graph, id));
    const at = moved[id] ?? node.at;
    const chosen = selected.has(id);
    const aspect = aspects[id] ?? (previewed.has(id) ? 1 : told.has(id) ? TEXT_ASPECT : undefined);
    const trouble = troubled.has(id);
    const sameShape = old?.spec === spec && old.aspect === aspect && old.density === density && looksSame(old.node, node);
    if (sameShape && old.at === at && old.selected === chosen && old.troubled === trouble)
      return old.node === node ? old : { ...old, node };
    const parts = { node, spec, at, selected: chosen, aspect, density, troubled: trouble };
    return { ...parts, flow: flowNode(id, parts, known !== undefined, sameShape ? old.flow : null) };
  }
}

/** Whether nothing but nodes can make a difference between two states. */
function differInNodes({ graph: a, ...before }: FlowInput, { graph: b, ...now }: FlowInput): boolean {
  return a.wires === b.wires && (Object.keys(now) as (keyof typeof now)[]).every((name) => before[name] === now[name]);
}

/** Whether two states of a node differ in nothing that its box and its ports depend on. */
function looksSame(a: WorkflowNode, b: WorkflowNode): boolean {
  return a === b || (a.type === b.type && a.size === b.size && a.title === b.title && a.collapsed === b.collapsed && a.ports === b.ports);
}

/** `shaped` is the node as it was, if its box and its ports are still the same. */
function flowNode(id: NodeId, parts: Omit<Made, "flow">, known: boolean, shaped: FlowNode | null): FlowNode {
  const { node, spec, at, selected, aspect, density, troubled } = parts;
  const data = shaped?.data ?? { spec, layout: layoutOf(spec, node, { aspect: aspect ?? null, density }), known };
  const { width, height } = data.layout;
  return {
    id,
    type: "workflow",
    position: { x: at[0], y: at[1] },
    width,
    height,
    measured: { width, height },
    handles: shaped?.handles ?? handlesOf(data.layout),
    selected,
    ...(troubled && { zIndex: 10 }),
    data,
    ariaLabel: node.title ?? spec.title,
  };
}

function handlesOf(layout: Layout): NodeHandle[] {
  const size = { width: PORT_SIZE, height: PORT_SIZE };
  const half = PORT_SIZE / 2;
  const inputs = [...layout.inputs, ...layout.widgets].map(({ port, y }) => ({
    id: port.name,
    type: "target" as const,
    position: Position.Left,
    x: -half,
    y: y - half,
    ...size,
  }));
  const outputs = layout.outputs.map(({ port, y }) => ({
    id: port.name,
    type: "source" as const,
    position: Position.Right,
    x: layout.width - half,
    y: y - half,
    ...size,
  }));
  return [...inputs, ...outputs];
}

function samePlaceholder(old: NodeSpec | undefined, made: NodeSpec): NodeSpec {
  return old && JSON.stringify(old) === JSON.stringify(made) ? old : made;
}

interface MadeEdge {
  readonly wire: Wire;
  readonly selected: boolean;
  readonly type: string;
  readonly label: string;
  readonly edge: FlowEdge;
}

export interface EdgesInput {
  readonly graph: Graph;
  readonly catalog: Catalog;
  readonly selected: ReadonlySet<string>;
  /** `FlowNodes.names` for this graph. */
  readonly names: object;
}

/** Makes flow edges and remembers them by wire. */
export class FlowEdges {
  #made: ReadonlyMap<string, MadeEdge> = new Map();
  #last: EdgesInput | null = null;
  #edges: FlowEdge[] = [];

  /** The same array as before, if there is nothing in it that has changed. */
  from(input: EdgesInput): FlowEdge[] {
    const { graph, catalog, selected, names } = input;
    const last = this.#last;
    this.#last = input;
    const sameEnds = last?.catalog === catalog && last.names === names;
    if (sameEnds && last.graph.wires === graph.wires && last.selected === selected) return this.#edges;
    const next = new Map<string, MadeEdge>();
    let same = true;
    for (const [key, wire] of Object.entries(graph.wires)) {
      const old = this.#made.get(key);
      const holds = sameEnds && old?.wire === wire && old.selected === selected.has(key);
      const made = holds ? old : madeEdge(key, wire, input, old);
      same &&= made.edge === old?.edge;
      next.set(key, made);
    }
    same &&= next.size === this.#made.size;
    this.#made = next;
    if (!same) this.#edges = [...next.values()].map(({ edge }) => edge);
    return this.#edges;
  }
}

/** Whether two states of a node are called the same and have the same ports. */
function named(a: WorkflowNode | undefined, b: WorkflowNode | undefined): boolean {
  return a === b || (a?.type === b?.type && a?.title === b?.title);
}

function madeEdge(key: string, wire: Wire, { graph, catalog, selected: chosen }: EdgesInput, old: MadeEdge | undefined): MadeEdge {
  const selected = chosen.has(key);
  const output = outputOf(catalog.spec(graph.nodes[wire.from[0]]?.type ?? ""), wire.from[1]);
  const type = output?.type ?? "*";
  const label = `${nameOf(graph, catalog, wire.from)} → ${nameOf(graph, catalog, wire.to)}`;
  const parts = { wire, selected, type, label };
  const same = old?.wire === wire && old.selected === selected && old.type === type && old.label === label;
  return { ...parts, edge: same ? old.edge : flowEdge(key, parts, output?.name ?? wire.from[1]) };
}

function flowEdge(key: string, { wire, selected, type, label }: Omit<MadeEdge, "edge">, output: string): FlowEdge {
  return {
    id: key,
    type: "wire",
    source: wire.from[0],
    sourceHandle: output,
    target: wire.to[0],
    targetHandle: wire.to[1],
    selected,
    ariaLabel: label,
    data: { type },
  };
}

/** A port as a screen reader says it: "KSampler latent_image". */
function nameOf(graph: Graph, catalog: Catalog, [id, port]: PortRef): string {
  const node = graph.nodes[id];
  return `${node?.title ?? catalog.spec(node?.type ?? "")?.title ?? id} ${port}`;
}
