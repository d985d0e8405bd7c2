import type { Node, NodeProps } from "@xyflow/react";
import { memo } from "react";
import type { Document } from "../model/document";
import { sceneryOf, type Scenery } from "../model/scenery";
import styles from "./Scenery.module.css";

export type SceneryNode = Node<Pick<Scenery, "kind" | "text">, "scenery">;

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
export function flowScenery(rest: Document["rest"]): SceneryNode[] {
  return sceneryOf(rest).map(({ id, kind, text, at: [x, y], size: [width, height] }) => ({
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
  }));
}
