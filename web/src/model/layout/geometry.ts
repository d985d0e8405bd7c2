/**
 * Where everything on a node is, computed from its type: no node is ever measured.
 *
 * The canvas needs sizes and ports before it draws a node (only visible ones are mounted), and
 * the node's own drawing must agree, so both read this.
 */
import type { NodeSpec, OutputPort, Port, Showing } from "../catalog/catalog";
import type { WorkflowNode } from "../document/document";
import { METRICS, type Density, type Metrics } from "./metrics";
import { isPlaceholder } from "../catalog/placeholder";

export const GRID = 22;
const WIDTH = 10 * GRID;
const WIDE = 12 * GRID;
/** The sentence on a node whose type is missing: four lines, for it is longer in some languages. */
const SENTENCE = 70;
/** Two lines in a text box. */
const LEAST_TEXT = 46;
/** Of texts that a node shows, and of pictures that are not there yet. */
export const TEXT_ASPECT = 0.5;

export interface PortPlace<P> {
  readonly port: P;
  /** The middle of the port, from the node's top. */
  readonly y: number;
}

export interface WidgetPlace extends PortPlace<Port> {
  readonly top: number;
  readonly height: number;
  /** It is shown as a port: by its name, without a field. */
  readonly asPort: boolean;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly collapsed: boolean;
  readonly inputs: readonly PortPlace<Port>[];
  readonly outputs: readonly PortPlace<OutputPort>[];
  readonly widgets: readonly WidgetPlace[];
  /** Where it says that the type is missing; `null` on all others. */
  readonly sentence: { readonly top: number; readonly height: number } | null;
  /** Where the picture is; `null` on nodes that show none. */
  readonly picture: { readonly top: number; readonly width: number; readonly height: number } | null;
}

/** What a node shows below its widgets, the height of a picture by its width; and how densely. */
export interface Shown {
  readonly aspect: number | null;
  readonly density: Density;
}

export function layoutOf(spec: NodeSpec, node: WorkflowNode, shown: Partial<Shown> = {}): Layout {
  const metrics = METRICS[shown.density ?? "normal"];
  const width = node.size?.[0] ?? widthOf(spec);
  if (node.collapsed) return collapsed(spec, width, metrics);
  const { header, gap, portRow, padding } = metrics;
  const ports = spec.inputs.filter((port) => !port.widget);
  const rows = Math.max(ports.length, spec.outputs.length);
  const place = (index: number): number => header + gap + portRow * (index + 0.5);
  const top = header + gap + portRow * rows + (rows ? gap : 0);
  const sentence = isPlaceholder(spec) ? { top, height: SENTENCE } : null;
  const widgets = widgetsFrom(top + (sentence ? SENTENCE + gap : 0), spec, node, metrics, spareHeight(spec, node, shown));
  const last = widgets.at(-1);
  const bottom = last ? last.top + last.height : sentence ? top + SENTENCE : rows ? top - gap : header + gap;
  const picture = pictureBelow(bottom + 2 * gap, width - 2 * padding, shown.aspect ?? usualAspect(spec));
  return {
    width,
    height: picture ? picture.top + picture.height + metrics.footer : bottom + padding,
    collapsed: false,
    inputs: ports.map((port, index) => ({ port, y: place(index) })),
    outputs: spec.outputs.map((port, index) => ({ port, y: place(index) })),
    widgets,
    sentence,
    picture,
  };
}

function widgetsFrom(top: number, spec: NodeSpec, node: WorkflowNode, { field, gap, textField }: Metrics, stretch: number): WidgetPlace[] {
  const places: WidgetPlace[] = [];
  let bottom = top;
  for (const port of spec.inputs) {
    if (!port.widget) continue;
    const asPort = node.ports?.includes(port.name) ?? false;
    const height = port.widget.multiline && !asPort ? textField + stretch : field;
    places.push({ port, top: bottom, height, y: bottom + field / 2, asPort });
    bottom += height + gap;
  }
  return places;
}

function pictureBelow(top: number, width: number, aspect: number | null): Layout["picture"] {
  return aspect === null ? null : { top, width, height: Math.round(width * clamp(aspect)) };
}

/** The shape of what a node shows before it is known; `null` on nodes that show nothing. */
function usualAspect(spec: NodeSpec): number | null {
  if (showsPictures(spec)) return 1;
  return madeBy(spec) === "text" ? TEXT_ASPECT : null;
}

/** What a node shows of its runs, judged by what ends in it; `null` for most. */
export function madeBy({ shows, sink, inputs }: NodeSpec): Showing | null {
  if (shows !== undefined) return shows;
  if (!sink) return null;
  if (inputs.some((port) => port.type.split(",").includes("IMAGE"))) return "picture";
  return inputs.some((port) => !port.widget && (port.type === "*" || port.type === "STRING")) ? "text" : null;
}

/** Nodes whose picture has a place from the start, so that nothing moves when it arrives. */
function showsPictures(spec: NodeSpec): boolean {
  return madeBy(spec) === "picture" || uploadPort(spec) !== undefined;
}

/** The widget by which a picture is uploaded. */
export function uploadPort(spec: NodeSpec): Port | undefined {
  return spec.inputs.find((port) => port.widget?.upload && port.widget.folder === "image");
}

function widthOf(spec: NodeSpec): number {
  const wide = spec.inputs.some((port) => port.widget?.multiline) || showsPictures(spec);
  return wide ? WIDE : WIDTH;
}

/** What a node's own height leaves for each text box, or takes: nothing else on it can give way. */
function spareHeight(spec: NodeSpec, node: WorkflowNode, shown: Partial<Shown>): number {
  const grow = spec.inputs.filter((port) => port.widget?.multiline && !node.ports?.includes(port.name));
  if (!grow.length || !node.size?.[1]) return 0;
  const { size, ...plain } = node;
  const least = layoutOf(spec, { ...plain, size: [size[0], 0] }, shown).height;
  const { textField } = METRICS[shown.density ?? "normal"];
  return Math.max(LEAST_TEXT - textField, Math.floor((size[1] - least) / grow.length));
}

function collapsed(spec: NodeSpec, width: number, { header }: Metrics): Layout {
  const y = header / 2;
  return {
    width,
    height: header,
    collapsed: true,
    inputs: spec.inputs.map((port) => ({ port, y })),
    outputs: spec.outputs.map((port) => ({ port, y })),
    widgets: [],
    sentence: null,
    picture: null,
  };
}

function clamp(aspect: number): number {
  return Math.min(1.6, Math.max(0.4, aspect));
}
