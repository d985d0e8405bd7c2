/**
 * Where everything on a node is, computed from its type: no node is ever measured.
 *
 * The canvas needs sizes and ports before it draws a node (only visible ones are mounted), and
 * the node's own drawing must agree, so both read this.
 */
import type { NodeSpec, OutputPort, Port } from "./catalog";
import type { Graph, NodeId, WorkflowNode } from "./document";

export const GRID = 22;
export const HEADER = 42;
export const PORT_ROW = 22;
export const FIELD = 26;
export const GAP = 4;
export const TEXT_FIELD = 72;
export const PADDING = 10;
export const FOOTER = 28;
const WIDTH = 10 * GRID;
const WIDE = 12 * GRID;

export interface PortPlace<P> {
  readonly port: P;
  /** The middle of the port, from the node's top. */
  readonly y: number;
}

export interface WidgetPlace extends PortPlace<Port> {
  readonly top: number;
  readonly height: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly inputs: readonly PortPlace<Port>[];
  readonly outputs: readonly PortPlace<OutputPort>[];
  readonly widgets: readonly WidgetPlace[];
  /** Where the picture is; `null` on nodes that show none. */
  readonly picture: { readonly top: number; readonly width: number; readonly height: number } | null;
}

/** What a node shows below its widgets: the height of a picture by its width. */
export interface Shown {
  readonly aspect: number | null;
}

const NOTHING: Shown = { aspect: null };

export function layoutOf(spec: NodeSpec, node: WorkflowNode, shown: Shown = NOTHING): Layout {
  const width = node.size?.[0] ?? widthOf(spec);
  if (node.collapsed) return collapsed(spec, width);
  const ports = spec.inputs.filter((port) => !port.widget);
  const stretch = spareHeight(spec, node);
  const rows = Math.max(ports.length, spec.outputs.length);
  const place = (index: number): number => HEADER + GAP + PORT_ROW * (index + 0.5);
  let bottom = HEADER + GAP + PORT_ROW * rows + (rows ? GAP : 0);
  const widgets: WidgetPlace[] = [];
  for (const port of spec.inputs) {
    if (!port.widget) continue;
    const height = port.widget.multiline ? TEXT_FIELD + stretch : FIELD;
    widgets.push({ port, top: bottom, height, y: bottom + FIELD / 2 });
    bottom += height + GAP;
  }
  const aspect = shown.aspect ?? (showsPictures(spec) ? 1 : null);
  let picture: Layout["picture"] = null;
  if (aspect !== null) {
    const inner = width - 2 * PADDING;
    picture = { top: bottom + GAP, width: inner, height: Math.round(inner * clamp(aspect)) };
    bottom = picture.top + picture.height + FOOTER;
  } else bottom += PADDING - GAP;
  return {
    width,
    height: bottom,
    inputs: ports.map((port, index) => ({ port, y: place(index) })),
    outputs: spec.outputs.map((port, index) => ({ port, y: place(index) })),
    widgets,
    picture,
  };
}

/** Nodes whose picture has a place from the start, so that nothing moves when it arrives. */
export function showsPictures(spec: NodeSpec): boolean {
  const takes = spec.inputs.some((port) => port.type.split(",").includes("IMAGE"));
  return (spec.sink === true && takes) || uploadPort(spec) !== undefined;
}

/** The widget by which a picture is uploaded. */
export function uploadPort(spec: NodeSpec): Port | undefined {
  return spec.inputs.find((port) => port.widget?.upload && port.widget.folder === "image");
}

/** A node type that the catalog lacks, guessed from what the graph says about one use of it. */
export function placeholderSpec(graph: Graph, id: NodeId): NodeSpec {
  const type = graph.nodes[id]?.type ?? "";
  const wires = Object.values(graph.wires);
  const inputs = wires.filter((wire) => wire.to[0] === id).map((wire) => wire.to[1]);
  const outputs = wires.filter((wire) => wire.from[0] === id).map((wire) => wire.from[1]);
  return {
    id: type,
    title: type,
    category: "",
    help: "",
    version: "",
    cache: "pure",
    pack: "",
    source: "",
    inputs: [...new Set(inputs)].map((name) => ({ name, type: "*" })),
    outputs: [...new Set(outputs)].map((name) => ({ name, type: "*" })),
  };
}

function widthOf(spec: NodeSpec): number {
  const wide = spec.inputs.some((port) => port.widget?.multiline) || showsPictures(spec);
  return wide ? WIDE : WIDTH;
}

/** What a node's own height leaves for each text box, the only thing on it that can grow. */
function spareHeight(spec: NodeSpec, node: WorkflowNode): number {
  const boxes = spec.inputs.filter((port) => port.widget?.multiline).length;
  if (!boxes || !node.size) return 0;
  const { size: _, ...plain } = node;
  return Math.max(0, Math.floor((node.size[1] - layoutOf(spec, plain).height) / boxes));
}

function collapsed(spec: NodeSpec, width: number): Layout {
  const y = HEADER / 2;
  return {
    width,
    height: HEADER,
    inputs: spec.inputs.map((port) => ({ port, y })),
    outputs: spec.outputs.map((port) => ({ port, y })),
    widgets: [],
    picture: null,
  };
}

function clamp(aspect: number): number {
  return Math.min(1.6, Math.max(0.4, aspect));
}
