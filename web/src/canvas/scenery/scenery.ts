/** Frames and notes as xyflow's nodes, below all others. What did not change keeps its identity. */
import type { Node } from "@xyflow/react";
import { frameKey, noteKey, type ItemKey } from "../../model/layout/boxes";
import type { Frame, Graph, Note, Point } from "../../model/document/document";
import { t } from "../../i18n/text";

export type FrameNode = Node<{ readonly frame: Frame }, "frame">;
export type NoteNode = Node<{ readonly note: Note }, "note">;
export type SceneryNode = FrameNode | NoteNode;

/** The class of the part by which frames are dragged: their inside belongs to what stands on them. */
export const FRAME_HANDLE = "frame-handle";

interface SceneryInput {
  readonly graph: Pick<Graph, "frames" | "notes">;
  readonly selected: ReadonlySet<ItemKey>;
  readonly moved: Readonly<Record<ItemKey, Point>>;
}

interface Made {
  readonly item: Frame | Note;
  readonly at: Point;
  readonly selected: boolean;
  readonly node: SceneryNode;
}

export class FlowScenery {
  #made: ReadonlyMap<ItemKey, Made> = new Map();

  from({ graph, selected, moved }: SceneryInput): SceneryNode[] {
    const next = new Map<ItemKey, Made>();
    const put = <T extends Frame | Note>(key: ItemKey, item: T, make: (item: T) => SceneryNode): void => {
      const old = this.#made.get(key);
      const at = moved[key] ?? item.at;
      const chosen = selected.has(key);
      if (old?.item === item && old.at === at && old.selected === chosen) next.set(key, old);
      else next.set(key, { item, at, selected: chosen, node: { ...make(item), position: { x: at[0], y: at[1] }, selected: chosen } });
    };
    // Larger frames lie below smaller ones, so that each can be reached.
    const frames = Object.entries(graph.frames).toSorted(([, a], [, b]) => b.size[0] * b.size[1] - a.size[0] * a.size[1]);
    for (const [id, frame] of frames) put(frameKey(id), frame, (item) => frameNode(frameKey(id), item));
    for (const [id, note] of Object.entries(graph.notes)) put(noteKey(id), note, (item) => noteNode(noteKey(id), item));
    this.#made = next;
    return [...next.values()].map(({ node }) => node);
  }
}

/** So many letters of a note are its name for a screen reader; the rest is read as its text. */
const SAID = 60;

/** They are chosen by their own handlers: a box drawn inside a frame must not catch the frame. */
const COMMON = { handles: [], selectable: false, connectable: false, zIndex: -1 };

function frameNode(id: ItemKey, frame: Frame): FrameNode {
  return { id, type: "frame", ...sized(frame), ...COMMON, dragHandle: `.${FRAME_HANDLE}`, className: "framed", data: { frame }, ariaLabel: t("frame.named", { title: frame.title || t("frame.untitled") }) };
}

function noteNode(id: ItemKey, note: Note): NoteNode {
  return { id, type: "note", ...sized(note), ...COMMON, data: { note }, ariaLabel: t("note.named", { text: note.text.slice(0, SAID) }) };
}

function sized({ at: [x, y], size: [width, height] }: Frame | Note): Pick<Node, "position" | "width" | "height" | "measured"> {
  return { position: { x, y }, width, height, measured: { width, height } };
}
