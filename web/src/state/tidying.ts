/** Tidying up: the selection, or the whole canvas, laid out by its wires in a worker. */
import type { Places } from "../model/layout/arrange";
import { itemBoxes, itemOf, moved, type Box, type ItemKey } from "../model/layout/boxes";
import { tidy, type Tidying } from "../model/commands";
import type { Graph } from "../model/document/document";
import { carriedBy, frameAround } from "../model/layout/frames";
import type { Untidy } from "../model/layout/tidy";
import { untidyOf } from "../model/layout/untidy";
import { trustedScript } from "../runtime/trusted";
import { looksOf } from "./moving";
import type { Studio } from "./studio";
// What Vite makes of it has a default export.
// oxlint-disable-next-line import/default
import workerUrl from "./tidy.worker.ts?worker&url";

/** Lay out the selected nodes if there are several, else all. One undo step; false if there was nothing to do. */
export async function tidyUp(studio: Studio): Promise<boolean> {
  const { workspace, settings } = studio;
  const { documents, types, view } = workspace;
  const { graph } = documents;
  const chosen = view.getState().nodes;
  const looks = looksOf(workspace, settings);
  const untidy = types && untidyOf(graph, types, looks, chosen.size > 1 ? chosen : undefined);
  if (!types || !untidy) return false;
  const places = await inWorker(untidy);
  // Edits made meanwhile win: what they moved or changed is not laid over.
  if (documents.graph !== graph) return false;
  documents.run(tidy, { places, frames: refitted(graph, itemBoxes(graph, types, looks), places) });
  return true;
}

function inWorker(untidy: Untidy): Promise<Places> {
  const worker = new Worker(trustedScript(workerUrl), { type: "module" });
  return new Promise<Places>((resolve, reject) => {
    worker.addEventListener("message", ({ data }: MessageEvent<Places>) => resolve(data), { once: true });
    worker.addEventListener("error", (event) => reject(new Error(event.message)), { once: true });
    worker.postMessage(untidy, []);
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
