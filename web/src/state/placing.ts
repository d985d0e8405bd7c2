/** Pictures from outside (pasted, dropped, taken) put where they are wanted. */
import type { Port } from "../model/catalog/catalog";
import { paste, setValue } from "../model/commands";
import type { NodeId, Point } from "../model/document/document";
import { uploadPort } from "../model/layout/geometry";
import { freshIds } from "../model/document/ids";
import { newNode } from "./adding";
import type { Studio } from "./studio";
import { select } from "./view";

/** The node type that a picture on an empty place becomes. */
const LOADER = "LoadImage";

/** An input that takes an uploaded picture. */
export interface PictureSlot {
  readonly node: NodeId;
  readonly port: string;
}

/** Where a picture of the selected node goes; `null` if not exactly one such node is selected. */
export function selectedSlot({ view, documents, workspace }: Studio): PictureSlot | null {
  const [node, ...others] = view.getState().nodes;
  if (node === undefined || others.length) return null;
  const port = slotOf(documents.graph.nodes[node]?.type, workspace.types);
  return port ? { node, port: port.name } : null;
}

/** Upload a picture into a node; without one, into a new node at a place. */
export async function placePicture(studio: Studio, file: File, slot: PictureSlot | null, at: Point): Promise<void> {
  const value = await studio.upload(file);
  if (value !== null) placeKnown(studio, value, slot, at);
}

/** The same with a picture that the server has, by its name there. */
export function placeKnown(studio: Studio, value: string, slot: PictureSlot | null, at: Point): void {
  const { documents, view } = studio;
  if (slot) return documents.run(setValue, [{ ...slot, value }]);
  const spec = studio.workspace.types?.spec(LOADER);
  const port = spec && uploadPort(spec);
  if (!spec || !port) return;
  const [id = ""] = freshIds(documents.graph, 1);
  const node = newNode(spec, at);
  documents.run(paste, { nodes: { [id]: { ...node, values: { ...node.values, [port.name]: value } } }, wires: [] });
  select(view, [id]);
}

/** The input of a node that takes a picture; `null` if it has none. */
export function slotAt({ documents, workspace }: Studio, node: NodeId): PictureSlot | null {
  const port = slotOf(documents.graph.nodes[node]?.type, workspace.types);
  return port ? { node, port: port.name } : null;
}

function slotOf(type: string | undefined, types: Studio["workspace"]["types"]): Port | undefined {
  const spec = types?.spec(type ?? "");
  return spec && uploadPort(spec);
}

/** A name for a picture that has none of its own. */
export function pictureName(kind: string): string {
  return `${kind} ${new Date().toISOString().slice(0, 19).replace("T", " ").replaceAll(":", "-")}.png`;
}
