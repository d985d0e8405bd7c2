import { NodeResizeControl, ResizeControlVariant, type ControlPosition } from "@xyflow/react";
import { useRef } from "react";
import { resizeItem } from "../../model/commands";
import { isNodeKey, onGrid, type ItemKey } from "../../model/layout/boxes";
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

/** A place to pull a node, frame or note larger; sizes stay on the grid. One pull is one undo step. */
export function ResizeGrip({ item, smallest: [minWidth, minHeight], position }: Props) {
  const { documents, view } = useWorkspace();
  const pull = useRef(0);
  const line = !position.includes("-");
  return (
    <NodeResizeControl
      className={`${styles["grip"]} ${line ? styles["line"] : ""}`}
      position={position}
      variant={line ? ResizeControlVariant.Line : ResizeControlVariant.Handle}
      minWidth={minWidth}
      minHeight={minHeight}
      onResizeStart={() => {
        pull.current = Date.now();
        // What is pulled keeps its grips even where the pointer runs ahead of it.
        if (isNodeKey(item)) select(view, [item]);
        else choose(view, item, false);
      }}
      onResize={(_, { x, y, width, height }) => {
        const [left, top] = [onGrid(x), onGrid(y)];
        const size: Point = [onGrid(x + width) - left, onGrid(y + height) - top];
        documents.run(resizeItem, { key: item, at: [left, top], size }, `resize:${item}:${pull.current}`);
      }}
    />
  );
}
