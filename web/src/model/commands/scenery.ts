import type { Frame, Note, Point } from "../document/document";
import { itemOf, type ItemKey } from "../layout/boxes";
import type { Command } from "../document/history";

/** Put a frame on the canvas. The id must be free. */
export const addFrame: Command<{ readonly id: string; readonly frame: Frame }> = {
  name: "addFrame",
  change(draft, { id, frame }) {
    if (draft.graph.frames[id]) throw new Error(`There is a frame ${id} already.`);
    draft.set(["frames", id], frame);
  },
};

/** Put a note on the canvas. The id must be free. */
export const addNote: Command<{ readonly id: string; readonly note: Note }> = {
  name: "addNote",
  change(draft, { id, note }) {
    if (draft.graph.notes[id]) throw new Error(`There is a note ${id} already.`);
    draft.set(["notes", id], note);
  },
};

/** Rename a frame. */
export const setFrameTitle: Command<{ readonly id: string; readonly title: string }> = {
  name: "setFrameTitle",
  change(draft, { id, title }) {
    if (draft.graph.frames[id]) draft.set(["frames", id, "title"], title);
  },
};

/** Write a note. */
export const setNoteText: Command<{ readonly id: string; readonly text: string }> = {
  name: "setNoteText",
  change(draft, { id, text }) {
    if (draft.graph.notes[id]) draft.set(["notes", id, "text"], text);
  },
};

/**
 * Give a node, frame or note another size; one whose upper or left edge was pulled also moves. With
 * `undefined` a node is as large as what is on it again.
 */
export const resizeItem: Command<{ readonly key: ItemKey; readonly at: Point; readonly size: Point | undefined }> = {
  name: "resizeItem",
  change(draft, { key, at, size }) {
    const { kind, id } = itemOf(key);
    const item = draft.graph[kind][id];
    if (!item) return;
    if (!samePoint(item.at, at)) draft.set([kind, id, "at"], at);
    if (!(item.size && size ? samePoint(item.size, size) : item.size === size)) draft.set([kind, id, "size"], size);
  },
};

/** Colour nodes, frames and notes; `undefined` takes the colour away. */
export const setColor: Command<{ readonly items: readonly ItemKey[]; readonly color: string | undefined }> = {
  name: "setColor",
  change(draft, { items, color }) {
    for (const key of items) {
      const { kind, id } = itemOf(key);
      if (draft.graph[kind][id]) draft.set([kind, id, "color"], color);
    }
  },
};

function samePoint(a: Point, b: Point): boolean {
  return a[0] === b[0] && a[1] === b[1];
}
