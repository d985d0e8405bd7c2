import type { NodeChange } from "@xyflow/react";
import { useEffect, useMemo, useRef } from "react";
import type { Point } from "../../model/document/document";
import { Moving } from "../../state/moving";
import { useStudio, useWorkspace } from "../../state/context";
import type { AnyNode } from "../flow";

/** What xyflow says about drags, as moves of the workspace. Alt lets things go anywhere. */
export function useMoving(): (changes: readonly NodeChange<AnyNode>[]) => void {
  const workspace = useWorkspace();
  const { settings } = useStudio();
  const moving = useMemo(() => new Moving(workspace, settings), [workspace, settings]);
  const free = useRef(false);

  useEffect(() => {
    const note = (event: PointerEvent): void => {
      free.current = event.altKey;
    };
    addEventListener("pointermove", note, { capture: true, passive: true });
    return () => removeEventListener("pointermove", note, { capture: true });
  }, []);

  return useMemo(
    () => (changes) => {
      const wanted: Record<string, Point> = {};
      let dropped = false;
      for (const change of changes) {
        if (change.type !== "position") continue;
        if (change.dragging && change.position) wanted[change.id] = [change.position.x, change.position.y];
        else dropped ||= change.dragging === false;
      }
      if (Object.keys(wanted).length) moving.to(wanted, free.current);
      if (dropped) moving.end();
    },
    [moving],
  );
}
