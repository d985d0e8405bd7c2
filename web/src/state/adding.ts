/** Adding nodes: by the menu, the library or a drop; wired at once where a wire was let go. */
import { accepts, defaultValues, type NodeSpec } from "../model/catalog";
import { paste } from "../model/commands";
import type { NodeId, Point, SeedControl, Wire, WorkflowNode } from "../model/document";
import { layoutOf } from "../model/geometry";
import { freshIds } from "../model/ids";
import type { Studio } from "./studio";
import { select, type Connecting } from "./view";

export const DRAGGED_TYPE = "application/x-wirebrush-node";

/** Put a node of a type somewhere, select it, and wire it to the port a wire came from. */
export function addNodeAt(studio: Studio, type: string, at: Point, wire: Connecting | null = null): NodeId | null {
  const spec = studio.workspace.types?.spec(type);
  if (!spec) return null;
  const { documents } = studio;
  const [id = ""] = freshIds(documents.graph, 1);
  const made = newNode(spec, at);
  const wanted = wire ? wireTo(spec, id, wire) : null;
  const node = wanted ? besidePointer(made, spec, wanted, id) : made;
  documents.run(paste, { nodes: { [id]: node }, wires: wanted ? [wanted] : [] });
  select(studio.view, [id]);
  return id;
}

export function newNode(spec: NodeSpec, at: Point): WorkflowNode {
  const seeds = spec.inputs.filter((port) => port.widget?.kind === "seed");
  const controls = Object.fromEntries(seeds.map((port) => [port.name, "randomize" as SeedControl]));
  return {
    type: spec.id,
    at,
    values: defaultValues(spec),
    ...(seeds.length && { controls }),
  };
}

/** Types that have a port for the end of a wire, the least general first. */
export function fitting(types: readonly NodeSpec[], wire: Connecting): NodeSpec[] {
  return types.filter((spec) => wireTo(spec, "", wire) !== null);
}

function wireTo(spec: NodeSpec, id: NodeId, wire: Connecting): Wire | null {
  if (wire.side === "output") {
    const fits = spec.inputs.filter((port) => accepts(port.type, wire.type));
    const port = fits.find((input) => !input.widget) ?? fits[0];
    return port ? { from: [wire.node, wire.port], to: [id, port.name] } : null;
  }
  const port = spec.outputs.find((output) => accepts(wire.type, output.type));
  return port ? { from: [id, port.name], to: [wire.node, wire.port] } : null;
}

/** So that the wire ends where it was let go: the port, not the corner, is at the pointer. */
function besidePointer(node: WorkflowNode, spec: NodeSpec, wire: Wire, id: NodeId): WorkflowNode {
  const layout = layoutOf(spec, node);
  const [x, y] = node.at;
  if (wire.to[0] === id) {
    const place = [...layout.inputs, ...layout.widgets].find(({ port }) => port.name === wire.to[1]);
    return { ...node, at: [x, y - Math.round((place?.y ?? 0) / 11) * 11] };
  }
  const place = layout.outputs.find(({ port }) => port.name === wire.from[1]);
  return { ...node, at: [x - layout.width, y - Math.round((place?.y ?? 0) / 11) * 11] };
}

