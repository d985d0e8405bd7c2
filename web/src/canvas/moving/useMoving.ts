import type { NodeChange } from "@xyflow/react";
import { useEffect, useMemo, useRef } from "react";
import type { Point } from "../../model/document/document";
import { Moving } from "../../state/moving";
import { useStudio, useWorkspace } from "../../state/context";
import type { AnyNode } from "../flow";

/** What xyflow says about drags, as moves of the workspace. Alt lets things go anywhere, Escape puts them back. */
export function useMoving(): (changes: readonly NodeChange<AnyNode>[]) => void {
  const workspace = useWorkspace();
  const { settings } = useStudio();
  const moving = useMemo(() => new Moving(workspace, settings), [workspace, settings]);
  const free = useRef(false);
  /** The drag was given up, and xyflow does not know: what it says until the pointer is let go counts for nothing. */
  const abandoned = useRef(false);

  useEffect(() => {
    const note = (event: PointerEvent): void => {
      free.current = event.altKey;
    };
    const giveUp = (event: KeyboardEvent): void => {
      if (event.key !== "Escape" || !moving.holds) return;
      moving.cancel();
      abandoned.current = true;
      event.preventDefault();
      event.stopPropagation();
    };
    addEventListener("pointermove", note, { capture: true, passive: true });
    addEventListener("keydown", giveUp, true);
    return () => {
      removeEventListener("pointermove", note, { capture: true });
      removeEventListener("keydown", giveUp, true);
    };
  }, [moving]);

  return useMemo(
    () => (changes) => {
      const wanted: Record<string, Point> = {};
      let dropped = false;
      for (const change of changes) {
        if (change.type !== "position") continue;
        if (change.dragging && change.position) wanted[change.id] = [change.position.x, change.position.y];
        else dropped ||= change.dragging === false;
      }
      if (Object.keys(wanted).length && !abandoned.current) moving.to(wanted, free.current);
      if (!dropped) return;
      moving.end();
      abandoned.current = false;
    },
    [moving],
  );
}
