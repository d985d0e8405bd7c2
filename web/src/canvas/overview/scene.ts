/**
 * All that is on the canvas, placed: what the overview paints and where a pointer hits it.
 *
 * Nodes come with the layout that the flow has worked out already. What did not change keeps its
 * identity, so that a drag makes only what moves anew.
 */
import { around, boxAt, frameKey, itemOf, noteKey, type Box, type ItemKey } from "../../model/layout/boxes";
import { loses, outputOf, type NodeSpec } from "../../model/catalog/catalog";
import type { Frame, Graph, Note, NodeId, Point, Wire, WorkflowNode } from "../../model/document/document";
import type { Layout } from "../../model/layout/geometry";
import { curvesBox, wireCurves, type Curve } from "../../model/wires/wirepath";

/** A node as the flow has placed it. */
export interface PlacedNode {
  readonly id: NodeId;
  readonly position: { readonly x: number; readonly y: number };
  readonly data: { readonly spec: NodeSpec; readonly layout: Layout; readonly known: boolean };
}

export interface SceneNode {
  readonly id: NodeId;
  readonly node: WorkflowNode;
  readonly placed: PlacedNode;
  readonly box: Box;
  readonly title: string;
  /** It makes results less exact. */
  readonly isLossy: boolean;
}

export interface SceneWire {
  readonly key: string;
  readonly wire: Wire;
  readonly type: string;
  readonly curves: readonly Curve[];
  readonly box: Box;
}

export interface SceneItem<T extends Frame | Note> {
  readonly key: ItemKey;
  readonly item: T;
  readonly box: Box;
}

export interface Scene {
  /** The last is on top. */
  readonly nodes: readonly SceneNode[];
  readonly wires: readonly SceneWire[];
  /** Larger ones first: they lie below. */
  readonly frames: readonly SceneItem<Frame>[];
  readonly notes: readonly SceneItem<Note>[];
}

export interface SceneInput {
  readonly graph: Graph;
  readonly placed: readonly PlacedNode[];
  /** Where dragged things are. */
  readonly moved: Readonly<Record<ItemKey, Point>>;
  /** Wires whose knots go along with a drag, and how far. */
  readonly carried: { readonly by: Point; readonly wires: ReadonlySet<string> } | null;
}

export const EMPTY_SCENE: Scene = { nodes: [], wires: [], frames: [], notes: [] };

interface MadeWire {
  readonly from: SceneNode;
  readonly to: SceneNode;
  readonly by: Point | null;
  readonly made: SceneWire;
}

/** Makes scenes one after the other, each from what the last one has. */
export class SceneMaker {
  #nodes: ReadonlyMap<NodeId, SceneNode> = new Map();
  #wires: ReadonlyMap<string, MadeWire> = new Map();

  from({ graph, placed, moved, carried }: SceneInput): Scene {
    const nodes = new Map<NodeId, SceneNode>();
    for (const item of placed) {
      const node = graph.nodes[item.id];
      if (node) nodes.set(item.id, this.#node(node, item));
    }
    this.#nodes = nodes;
    const wires = new Map<string, MadeWire>();
    for (const [key, wire] of Object.entries(graph.wires)) {
      const made = this.#wire(key, wire, carried?.wires.has(key) ? carried.by : null);
      if (made) wires.set(key, made);
    }
    this.#wires = wires;
    return {
      nodes: [...nodes.values()],
      wires: [...wires.values()].map(({ made }) => made),
      frames: frames(graph, moved),
      notes: Object.entries(graph.notes).map(([id, note]) => sceneItem(noteKey(id), note, moved)),
    };
  }

  #node(node: WorkflowNode, placed: PlacedNode): SceneNode {
    const old = this.#nodes.get(placed.id);
    if (old?.node === node && old.placed === placed) return old;
    const { position, data } = placed;
    const box = boxAt([position.x, position.y], [data.layout.width, data.layout.height]);
    return { id: placed.id, node, placed, box, title: node.title ?? data.spec.title, isLossy: loses(data.spec, node.values) };
  }

  #wire(key: string, wire: Wire, by: Point | null): MadeWire | null {
    const from = this.#nodes.get(wire.from[0]);
    const to = this.#nodes.get(wire.to[0]);
    if (!from || !to) return null;
    const old = this.#wires.get(key);
    if (old?.made.wire === wire && old.by === by && old.from === from && old.to === to) return old;
    const start = outputAt(from, wire.from[1]);
    const end = inputAt(to, wire.to[1]);
    if (!start || !end) return null;
    const knots = (wire.knots ?? []).map(([x, y]): Point => (by ? [x + by[0], y + by[1]] : [x, y]));
    const curves = wireCurves(start, knots, end);
    const type = outputOf(from.placed.data.spec, wire.from[1])?.type ?? "*";
    return { from, to, by, made: { key, wire, type, curves, box: curvesBox(curves) } };
  }
}

/** The box around everything; `null` on an empty canvas. */
export function boundsOf({ nodes, frames: framed, notes }: Scene): Box | null {
  return around([...nodes, ...framed, ...notes].map(({ box }) => box));
}

/** The box of a node, frame or note by its id or key. */
export function boxOf({ nodes, frames: framed, notes }: Scene, key: ItemKey): Box | null {
  const { kind, id } = itemOf(key);
  if (kind === "nodes") return nodes.find((node) => node.id === id)?.box ?? null;
  return (kind === "frames" ? framed : notes).find((thing) => thing.key === key)?.box ?? null;
}

function outputAt({ placed: { data }, box }: SceneNode, name: string): Point | null {
  const output = outputOf(data.spec, name)?.name ?? name;
  const place = data.layout.outputs.find(({ port }) => port.name === output);
  return place ? [box.right, box.top + place.y] : null;
}

function inputAt({ placed: { data }, box }: SceneNode, name: string): Point | null {
  const { inputs, widgets } = data.layout;
  const place = inputs.find(({ port }) => port.name === name) ?? widgets.find(({ port }) => port.name === name);
  return place ? [box.left, box.top + place.y] : null;
}

function frames(graph: Graph, moved: SceneInput["moved"]): SceneItem<Frame>[] {
  return Object.entries(graph.frames)
    .toSorted(([, a], [, b]) => area(b) - area(a))
    .map(([id, frame]) => sceneItem(frameKey(id), frame, moved));
}

function area({ size }: Frame): number {
  return size[0] * size[1];
}

function sceneItem<T extends Frame | Note>(key: ItemKey, made: T, moved: SceneInput["moved"]): SceneItem<T> {
  return { key, item: made, box: boxAt(moved[key] ?? made.at, made.size) };
}
