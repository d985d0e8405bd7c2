/**
 * The document as xyflow's nodes and edges. What did not change keeps its identity, so that
 * dragging one node of a thousand touches one.
 */
import { Position, type Edge, type Node, type NodeHandle } from "@xyflow/react";
import { outputOf, type Catalog, type NodeSpec } from "../model/catalog";
import type { Graph, NodeId, Point, PortRef, Wire, WorkflowNode } from "../model/document";
import type { SceneryNode } from "./scenery";
import { layoutOf, type Layout } from "../model/geometry";
import type { Density } from "../model/metrics";
import { placeholderSpec } from "../model/placeholder";

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
  /** Nodes that show a step preview, of whatever shape. */
  readonly previewed: ReadonlySet<NodeId>;
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

  from({ graph, catalog, selected, moved, aspects, density, previewed, troubled }: FlowInput): FlowNode[] {
    const next = new Map<NodeId, Made>();
    for (const [id, node] of Object.entries(graph.nodes)) {
      const known = catalog.spec(node.type);
      const old = this.#made.get(id);
      const parts = {
        node,
        spec: known ?? samePlaceholder(old?.spec, placeholderSpec(graph, id)),
        at: moved[id] ?? node.at,
        selected: selected.has(id),
        aspect: aspects[id] ?? (previewed.has(id) ? 1 : undefined),
        density,
        troubled: troubled.has(id),
      };
      const same =
        old &&
        old.node === parts.node &&
        old.spec === parts.spec &&
        old.at === parts.at &&
        old.selected === parts.selected &&
        old.aspect === parts.aspect &&
        old.density === density &&
        old.troubled === parts.troubled;
      next.set(id, same ? old : { ...parts, flow: flowNode(id, parts, known !== undefined, old) });
    }
    this.#made = next;
    return [...next.values()].map((made) => made.flow);
  }
}

function flowNode(id: NodeId, parts: Omit<Made, "flow">, known: boolean, old: Made | undefined): FlowNode {
  const { node, spec, at, selected, aspect, density, troubled } = parts;
  const sameShape = old && old.node === node && old.spec === spec && old.aspect === aspect && old.density === density;
  const data = sameShape
    ? old.flow.data
    : { spec, layout: layoutOf(spec, node, { aspect: aspect ?? null, density }), known };
  const { width, height } = data.layout;
  return {
    id,
    type: "workflow",
    position: { x: at[0], y: at[1] },
    width,
    height,
    measured: { width, height },
    handles: sameShape && old.flow.handles ? old.flow.handles : handlesOf(data.layout),
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

/** Makes flow edges and remembers them by wire. */
export class FlowEdges {
  #made: ReadonlyMap<string, MadeEdge> = new Map();

  from(graph: Graph, catalog: Catalog, selected: ReadonlySet<string>): FlowEdge[] {
    const next = new Map<string, MadeEdge>();
    for (const [key, wire] of Object.entries(graph.wires)) {
      const old = this.#made.get(key);
      const output = outputOf(catalog.spec(graph.nodes[wire.from[0]]?.type ?? ""), wire.from[1]);
      const parts = {
        wire,
        selected: selected.has(key),
        type: output?.type ?? "*",
        label: `${nameOf(graph, catalog, wire.from)} → ${nameOf(graph, catalog, wire.to)}`,
      };
      const same =
        old?.wire === wire &&
        old.selected === parts.selected &&
        old.type === parts.type &&
        old.label === parts.label;
      next.set(key, same ? old : { ...parts, edge: flowEdge(key, parts, output?.name ?? wire.from[1]) });
    }
    this.#made = next;
    return [...next.values()].map((made) => made.edge);
  }
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
