import { NodeResizeControl, ResizeControlVariant, type ControlPosition } from "@xyflow/react";
import { useEffect, useRef, useState } from "react";
import { resizeItem } from "../../model/commands";
import { isNodeKey, itemOf, onGrid, type ItemKey } from "../../model/layout/boxes";
import type { Point } from "../../model/document/document";
import { useWorkspace } from "../../state/context";
import { choose, select } from "../../state/view";
import styles from "./ResizeGrip.module.css";

interface Props {
  item: ItemKey;
  smallest: Point;
  /** Which corner or edge is pulled. */
  position: ControlPosition;
}

/** How an item was before it is pulled, and the name of the pull. */
interface Pull {
  readonly at: Point;
  readonly size: Point | undefined;
  readonly gesture: string;
}

/** A place to pull a node, frame or note larger; sizes stay on the grid. One pull is one undo step, Escape takes it back. */
export function ResizeGrip({ item, smallest: [minWidth, minHeight], position }: Props) {
  const { documents, view } = useWorkspace();
  const pull = useRef<Pull | null>(null);
  const [pulled, setPulled] = useState(false);
  const line = !position.includes("-");

  useEffect(() => {
    if (!pulled) return;
    const giveUp = (event: KeyboardEvent): void => {
      if (event.key !== "Escape" || !pull.current) return;
      const { at, size, gesture } = pull.current;
      documents.run(resizeItem, { key: item, at, size }, gesture);
      pull.current = null;
      event.preventDefault();
      event.stopPropagation();
    };
    addEventListener("keydown", giveUp, true);
    return () => removeEventListener("keydown", giveUp, true);
  }, [pulled, documents, item]);

  return (
    <NodeResizeControl
      className={`${styles["grip"]} ${line ? styles["line"] : ""}`}
      position={position}
      variant={line ? ResizeControlVariant.Line : ResizeControlVariant.Handle}
      minWidth={minWidth}
      minHeight={minHeight}
      onResizeStart={() => {
        const { kind, id } = itemOf(item);
        const before = documents.graph[kind][id];
        pull.current = before ? { at: before.at, size: before.size, gesture: `resize:${item}:${Date.now()}` } : null;
        setPulled(true);
        // What is pulled keeps its grips even where the pointer runs ahead of it.
        if (isNodeKey(item)) select(view, [item]);
        else choose(view, item, false);
      }}
      onResize={(_, { x, y, width, height }) => {
        const [left, top] = [onGrid(x), onGrid(y)];
        const size: Point = [onGrid(x + width) - left, onGrid(y + height) - top];
        // Given up: xyflow does not know that until the pointer is let go.
        if (pull.current) documents.run(resizeItem, { key: item, at: [left, top], size }, pull.current.gesture);
      }}
      onResizeEnd={() => {
        pull.current = null;
        setPulled(false);
      }}
    />
  );
}
