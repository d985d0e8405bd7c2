/**
 * What a pointer hits, asked of the model instead of the page.
 *
 * A pass over all boxes: for thousands of things that takes a fraction of a millisecond, less than
 * an index would take to be kept up to date while something is dragged.
 */
import { boxAt, grown, holdsPoint, touches } from "../../model/layout/boxes";
import type { NodeId, Point } from "../../model/document/document";
import { nearness } from "../../model/wires/wirepath";
import type { Hit } from "../../state/view";
import type { Scene } from "./scene";

/** A frame is taken by its title row: its inside belongs to what stands on it. */
const FRAME_HEAD = 32;

/**
 * The topmost thing at a point.
 *
 * @param reach How far beside a thin thing (a wire, the title row of a frame) it is still hit, in
 *   units of the canvas.
 * @param raised Nodes that lie above the others.
 */
export function hitAt(scene: Scene, point: Point, reach: number, raised: ReadonlySet<NodeId>): Hit | null {
  const node = nodeAt(scene, point, raised);
  if (node !== null) return { kind: "node", id: node };
  const note = scene.notes.findLast(({ box }) => holdsPoint(box, point));
  if (note) return { kind: "note", id: note.key };
  const wire = wireAt(scene, point, reach);
  if (wire !== null) return { kind: "wire", id: wire };
  const head = Math.max(FRAME_HEAD, 2 * reach);
  const frame = scene.frames.findLast(({ box }) => holdsPoint({ ...box, bottom: Math.min(box.bottom, box.top + head) }, point));
  return frame ? { kind: "frame", id: frame.key } : null;
}

/** The topmost node at a point. */
export function nodeAt({ nodes }: Scene, point: Point, raised: ReadonlySet<NodeId>): NodeId | null {
  const hit = nodes.filter(({ box }) => holdsPoint(box, point));
  return (hit.findLast(({ id }) => raised.has(id)) ?? hit.at(-1))?.id ?? null;
}

/** The nearest wire within reach of a point. */
export function wireAt({ wires }: Scene, point: Point, reach: number): string | null {
  const about = grown(boxAt(point, [0, 0]), reach);
  let best: string | null = null;
  let least = reach;
  for (const { key, curves, box } of wires) {
    if (!touches(box, about)) continue;
    const { distance } = nearness(curves, point);
    if (distance <= least) [best, least] = [key, distance];
  }
  return best;
}
