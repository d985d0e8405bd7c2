/** Frames and notes. */
import { frameKey, itemBoxes, itemOf, noteKey, nodeBoxes, type ItemKey } from "../../model/layout/boxes";
import { addFrame, addNote, removeItems, resizeItem } from "../../model/commands";
import type { Point } from "../../model/document/document";
import { carriedBy, frameAround } from "../../model/layout/frames";
import { freshKeys } from "../../model/document/ids";
import { freePlace } from "../../state/adding";
import { looksOf } from "../../state/moving";
import type { Studio } from "../../state/studio";
import { say } from "../../state/view";
import { t } from "../../i18n/text";
import { selected } from "./arrange";
import type { AppCommand } from "./command";

const NOTE_SIZE: Point = [264, 132];

export const SCENERY: readonly AppCommand[] = [
  { id: "frame", label: "frame.make", menu: "arrange", group: "frame", on: ["node"], keys: ["Ctrl+G"], enabled: (studio) => selected(studio).length > 0, run: frameSelected },
  { id: "frame.fit", label: "frame.fit", menu: "arrange", group: "frame", on: ["frame"], keys: [], enabled: hasFrames, run: fitFrames },
  { id: "frame.remove", label: "frame.remove", menu: "arrange", group: "frame", on: ["frame"], keys: ["Alt+G"], enabled: hasFrames, run: removeFrames },
  { id: "frame.select", label: "frame.select", menu: "arrange", group: "frame", on: ["frame"], keys: [], enabled: hasFrames, run: selectCarried },
  { id: "addNote", label: "note.add", menu: "edit", group: "add", on: ["canvas"], keys: ["Shift+N"], run: writeNote },
];

function frames(studio: Studio): string[] {
  return [...studio.view.getState().scenery].map(itemOf).flatMap(({ kind, id }) => (kind === "frames" ? [id] : []));
}

function hasFrames(studio: Studio): boolean {
  return frames(studio).length > 0;
}

function frameSelected(studio: Studio): void {
  const { workspace, settings, documents, view } = studio;
  const { graph } = documents;
  if (!workspace.types) return;
  const boxes = itemBoxes(graph, workspace.types, looksOf(workspace, settings));
  const place = frameAround(selected(studio).flatMap((key) => boxes.get(key) ?? []));
  if (!place) return;
  const [id = ""] = freshKeys(graph.frames, 1);
  documents.run(addFrame, { id, frame: { title: t("frame.untitled"), ...place } });
  view.setState({ nodes: new Set(), wires: new Set(), scenery: new Set([frameKey(id)]), renaming: frameKey(id) });
}

function fitFrames(studio: Studio): void {
  const { workspace, settings, documents } = studio;
  const { graph } = documents;
  if (!workspace.types) return;
  const boxes = itemBoxes(graph, workspace.types, looksOf(workspace, settings));
  const gesture = `fit:${Date.now()}`;
  for (const id of frames(studio)) {
    const place = frameAround(carriedBy(graph, id, boxes).flatMap((key) => boxes.get(key) ?? []));
    if (place) documents.run(resizeItem, { key: frameKey(id), ...place }, gesture);
  }
}

function removeFrames(studio: Studio): void {
  const gone = frames(studio);
  studio.documents.run(removeItems, { frames: gone });
  studio.view.setState(({ scenery }) => ({ scenery: new Set([...scenery].filter((key) => itemOf(key).kind !== "frames")) }));
  say(studio.view, t("frame.removed", { count: gone.length }));
}

/** Choose what stands on the frames instead of the frames. */
function selectCarried(studio: Studio): void {
  const { workspace, settings, documents, view } = studio;
  if (!workspace.types) return;
  const boxes = nodeBoxes(documents.graph, workspace.types, looksOf(workspace, settings));
  view.setState({ nodes: new Set(frames(studio).flatMap((id) => carriedBy(documents.graph, id, boxes))), scenery: new Set() });
}

function writeNote(studio: Studio): void {
  const { documents, view } = studio;
  const [id = ""] = freshKeys(documents.graph.notes, 1);
  const at = freePlace(studio, NOTE_SIZE, null);
  documents.run(addNote, { id, note: { text: "", at, size: NOTE_SIZE } });
  const key: ItemKey = noteKey(id);
  view.setState({ nodes: new Set(), wires: new Set(), scenery: new Set([key]), renaming: key });
}
