/** Adding nodes: by the menu, the library or a drop; wired at once where a wire was let go. */
import { boxAt, nodeBoxes, onGrid, touches, type Box } from "../model/layout/boxes";
import { commonness } from "../model/catalog/common";
import { accepts, defaultValues, type NodeSpec } from "../model/catalog/catalog";
import { insertIntoWire, paste } from "../model/commands";
import { Courses, Ports } from "../model/wires/courses";
import { subgraphOf, type NodeId, type Point, type SeedControl, type Wire, type WorkflowNode } from "../model/document/document";
import { GRID, layoutOf } from "../model/layout/geometry";
import { freshIds } from "../model/document/ids";
import { passage } from "../model/wires/inserting";
import type { Desk } from "./desk";
import { looksOf } from "./moving";
import { mayContain } from "./subgraphs";
import { select, type Connecting } from "./view";

export const DRAGGED_TYPE = "application/x-wirebrush-node";

/** What a new node is wired to: the port that a wire came from, or a wire that it goes into. */
export interface Joint {
  readonly wire?: Connecting | null;
  readonly into?: string;
}

/**
 * Put a node of a type somewhere, select it, and wire it as wanted: one undo step. Without a place
 * it goes beside the selected node, or into the middle of what is in sight, where nothing is yet.
 */
export function addNodeAt(studio: Desk, type: string, place: Point | null, { wire = null, into }: Joint = {}): NodeId | null {
  const { documents, settings, view, workspace } = studio;
  const spec = workspace.types?.spec(type);
  if (!spec || !workspace.types || !mayContain(studio, type)) return null;
  const [id = ""] = freshIds(documents.graph, 1);
  const made = newNode(spec, place ?? freePlace(studio, sizeOf(spec), wire?.side));
  const through = into === undefined ? undefined : documents.graph.wires[into];
  const way = through && passage(documents.graph, workspace.types, through, spec);
  if (into !== undefined && way) {
    documents.run(insertIntoWire, { wire: into, id, node: centred(made, spec), passage: way });
  } else {
    const wanted = wire ? wireTo(spec, id, wire) : null;
    const node = wanted && place ? besidePointer(made, spec, wanted, id) : made;
    documents.run(paste, { nodes: { [id]: node }, wires: wanted ? [wanted] : [] });
  }
  settings.setState(({ recents }) => ({ recents: remembered(recents, spec.id) }));
  select(view, [id]);
  return id;
}

export function newNode(spec: NodeSpec, at: Point): WorkflowNode {
  // An instance says nothing of its own: all is as in its definition until somebody changes it.
  if (subgraphOf(spec.id) !== null) return { type: spec.id, at, values: {} };
  const seeds = spec.inputs.filter((port) => port.widget?.kind === "seed");
  const controls = Object.fromEntries(seeds.map((port) => [port.name, "randomize" as SeedControl]));
  return {
    type: spec.id,
    at,
    values: defaultValues(spec),
    ...(seeds.length && { controls }),
  };
}

const APART = 88;

function sizeOf(spec: NodeSpec): Point {
  const { width, height } = layoutOf(spec, newNode(spec, [0, 0]));
  return [width, height];
}

/**
 * Where something that was not placed by hand goes: beside the selected node, behind its outputs or
 * before its inputs, else into the middle of what is in sight; in either case below what is there.
 */
export function freePlace(studio: Desk, [width, height]: Point, side: "output" | "input" | null = "output"): Point {
  const { workspace, settings, view } = studio;
  if (!workspace.types) return [0, 0];
  const boxes = nodeBoxes(workspace.documents.graph, workspace.types, looksOf(workspace, settings));
  const [chosen = ""] = view.getState().nodes;
  const beside = side && boxes.get(chosen);
  const [x, y] = view.getState().canvas?.centre() ?? [0, 0];
  const start: Point = beside
    ? [onGrid(side === "output" ? beside.right + APART : beside.left - APART - width), onGrid(beside.top)]
    : [onGrid(x - width / 2), onGrid(y - height / 2)];
  let box = boxAt(start, [width, height]);
  for (let hit = overlapping(boxes, box); hit; hit = overlapping(boxes, box)) box = boxAt([start[0], onGrid(hit.bottom + GRID)], [width, height]);
  return [box.left, box.top];
}

function overlapping(boxes: ReadonlyMap<NodeId, Box>, box: Box): Box | undefined {
  return [...boxes.values()].find((other) => touches(other, box));
}

/** The wires that a node of a type could be put into, by place. */
export function insertable({ workspace, settings }: Desk, type: string): Courses | null {
  const { documents, types } = workspace;
  const spec = types?.spec(type);
  if (!types || !spec) return null;
  const { graph } = documents;
  return new Courses(graph, new Ports(graph, types, looksOf(workspace, settings)), (_, wire) => passage(graph, types, wire, spec) !== null);
}

/**
 * Types that have a port for the end of a wire, the most fitting first: a port of just that type
 * before one that takes several, one that needs a wire before one that has a field, what workflows
 * use often before what they use rarely; among equals what was used last.
 */
export function fitting(types: readonly NodeSpec[], wire: Connecting, recents: readonly string[] = []): NodeSpec[] {
  return types
    .map((spec) => ({ spec, fits: rankOf(spec, wire) }))
    .filter(({ fits }) => fits > 0)
    .map(({ spec, fits }) => ({ spec, rank: fits + 2 * commonness(spec.id) + (recents.includes(spec.id) ? 0.5 : 0) }))
    .toSorted((a, b) => b.rank - a.rank)
    .map(({ spec }) => spec);
}

/** 0: does not fit. */
function rankOf(spec: NodeSpec, wire: Connecting): number {
  if (wire.side === "input") {
    const exact = spec.outputs.findIndex((port) => port.type === wire.type);
    if (exact >= 0) return exact === 0 ? 4 : 3;
    return spec.outputs.some((port) => accepts(wire.type, port.type)) ? 1 : 0;
  }
  const fits = spec.inputs.filter((port) => accepts(port.type, wire.type));
  if (spec.inputs.find((port) => !port.widget)?.type === wire.type) return 5;
  if (fits.some((port) => port.type === wire.type && !port.widget)) return 4;
  if (fits.some((port) => port.type === wire.type)) return 3;
  if (fits.some((port) => port.type !== "*")) return 2;
  return fits.length ? 1 : 0;
}

function wireTo(spec: NodeSpec, id: NodeId, wire: Connecting): Wire | null {
  if (wire.side === "output") {
    const fits = spec.inputs.filter((port) => accepts(port.type, wire.type));
    const port = fits.find((input) => !input.widget && input.type === wire.type) ?? fits.find((input) => !input.widget) ?? fits[0];
    return port ? { from: [wire.node, wire.port], to: [id, port.name] } : null;
  }
  const port = spec.outputs.find((output) => output.type === wire.type) ?? spec.outputs.find((output) => accepts(wire.type, output.type));
  return port ? { from: [id, port.name], to: [wire.node, wire.port] } : null;
}

/** So that the wire ends where it was let go: the port, not the corner, is at the pointer. */
function besidePointer(node: WorkflowNode, spec: NodeSpec, wire: Wire, id: NodeId): WorkflowNode {
  const layout = layoutOf(spec, node);
  const [x, y] = node.at;
  if (wire.to[0] === id) {
    const place = [...layout.inputs, ...layout.widgets].find(({ port }) => port.name === wire.to[1]);
    return { ...node, at: [x, y - onGrid(place?.y ?? 0)] };
  }
  const place = layout.outputs.find(({ port }) => port.name === wire.from[1]);
  return { ...node, at: [x - layout.width, y - onGrid(place?.y ?? 0)] };
}

/** So that a wire that was dropped on runs through its middle. */
function centred(node: WorkflowNode, spec: NodeSpec): WorkflowNode {
  const [width, height] = sizeOf(spec);
  return { ...node, at: [node.at[0] - onGrid(width / 2), node.at[1] - onGrid(height / 2)] };
}

const REMEMBERED = 12;

/** What was used last comes first, each once. */
function remembered(recents: readonly string[], type: string): string[] {
  return [type, ...recents.filter((item) => item !== type)].slice(0, REMEMBERED);
}
