/** Tidying up: the selection, or the whole canvas, laid out by its wires in a worker. */
import type { Places } from "../model/arrange";
import { around, itemBoxes, itemOf, moved, nodeBoxes, type Box, type ItemKey } from "../model/boxes";
import { tidy, type Tidying } from "../model/commands";
import type { Graph, NodeId } from "../model/document";
import { carriedBy, frameAround } from "../model/frames";
import type { Untidy } from "../model/tidy";
import { looksOf } from "./moving";
import type { Studio } from "./studio";

/** Lay out the selected nodes if there are several, else all. One undo step; false if there was nothing to do. */
export async function tidyUp(studio: Studio): Promise<boolean> {
  const { workspace, settings } = studio;
  const { documents, types, view } = workspace;
  const { graph } = documents;
  const chosen = view.getState().nodes;
  if (!types) return false;
  const boxes = nodeBoxes(graph, types, looksOf(workspace, settings), chosen.size > 1 ? chosen : undefined);
  const all = around(boxes.values());
  if (!all || boxes.size < 2) return false;
  const places = await inWorker(untidy(graph, boxes, all));
  // Edits made meanwhile win: what they moved or changed is not laid over.
  if (documents.graph !== graph) return false;
  documents.run(tidy, { places, frames: refitted(graph, itemBoxes(graph, types, looksOf(workspace, settings)), places) });
  return true;
}

function untidy(graph: Graph, boxes: ReadonlyMap<NodeId, Box>, { left, top }: Box): Untidy {
  const inOrder = [...boxes].toSorted(([, a], [, b]) => a.top - b.top || a.left - b.left);
  return {
    sizes: inOrder.map(([id, box]) => [id, [box.right - box.left, box.bottom - box.top]]),
    wires: Object.values(graph.wires).flatMap(({ from, to }) => (boxes.has(from[0]) && boxes.has(to[0]) ? [[from[0], to[0]] as const] : [])),
    corner: [left, top],
  };
}

function inWorker(untidyGraph: Untidy): Promise<Places> {
  const worker = new Worker(new URL("tidy.worker.ts", import.meta.url), { type: "module" });
  return new Promise<Places>((resolve, reject) => {
    worker.addEventListener("message", ({ data }: MessageEvent<Places>) => resolve(data), { once: true });
    worker.addEventListener("error", (event) => reject(new Error(event.message)), { once: true });
    worker.postMessage(untidyGraph, []);
  }).finally(() => worker.terminate());
}

/** Frames around what they carried before, where that is now. */
function refitted(graph: Graph, boxes: ReadonlyMap<ItemKey, Box>, places: Places): Tidying["frames"] {
  const now = new Map([...boxes].map(([key, box]) => {
    const at = places[key];
    return [key, at ? moved(box, [at[0] - box.left, at[1] - box.top]) : box] as const;
  }));
  const frames = Object.keys(graph.frames).flatMap((id) => {
    const carried = carriedBy(graph, id, boxes).filter((key) => itemOf(key).kind !== "frames");
    if (!carried.some((key) => Object.hasOwn(places, key))) return [];
    const place = frameAround(carried.flatMap((key) => now.get(key) ?? []));
    return place ? [[id, place] as const] : [];
  });
  return Object.fromEntries(frames);
}
