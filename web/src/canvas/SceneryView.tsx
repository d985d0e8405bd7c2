import type { Node, NodeProps } from "@xyflow/react";
import { memo } from "react";
import type { Frame, Graph, Note } from "../model/document";
import styles from "./Scenery.module.css";

export type SceneryNode = Node<{ readonly kind: "frame" | "note"; readonly text: string }, "scenery">;

/** A frame behind nodes, or a note beside them. */
export const SceneryView = memo(function SceneryView({ data }: NodeProps<SceneryNode>) {
  return (
    <div className={styles[data.kind]}>
      {data.text.split("\n\n").map((paragraph) => (
        <p key={paragraph}>{paragraph}</p>
      ))}
    </div>
  );
});

/** Frames and notes as xyflow's nodes, below all others. */
export function flowScenery({ frames, notes }: Pick<Graph, "frames" | "notes">): SceneryNode[] {
  return [
    ...Object.entries(frames).map(([id, frame]) => sceneryNode(`frame:${id}`, "frame", frame.title, frame)),
    ...Object.entries(notes).map(([id, note]) => sceneryNode(`note:${id}`, "note", note.text, note)),
  ];
}

function sceneryNode(id: string, kind: "frame" | "note", text: string, { at: [x, y], size: [width, height] }: Frame | Note): SceneryNode {
  return {
    id,
    type: "scenery",
    position: { x, y },
    width,
    height,
    measured: { width, height },
    handles: [],
    data: { kind, text },
    draggable: false,
    selectable: false,
    focusable: false,
    connectable: false,
    zIndex: -1,
  };
}
