import { useMemo, useRef, type DragEvent } from "react";
import type { Courses } from "../../model/wires/courses";
import { addNodeAt, DRAGGED_TYPE, insertable } from "../../state/adding";
import { insertSaved, SAVED_TYPE } from "../../state/library";
import { useStudio, useWorkspace } from "../../state/context";

/** On the screen, in pixels: how near a wire a type must be dropped to go into it. */
const REACH = 14;

/** Node types dragged out of the library: dropped on a wire they go into it, elsewhere beside it. */
export function usePlacing() {
  const studio = useStudio();
  const { view } = useWorkspace();
  const courses = useRef<Courses | null>(null);

  return useMemo(() => {
    const wireAt = (event: DragEvent): string | null => {
      const { placing, canvas, zoom } = view.getState();
      if (placing === null || !canvas) return null;
      courses.current ??= insertable(studio, placing);
      return courses.current?.at(canvas.toCanvas(event.clientX, event.clientY), REACH / zoom) ?? null;
    };
    const leave = (): void => {
      courses.current = null;
      view.setState({ target: null });
    };
    return {
      onDragOver(event: DragEvent): void {
        if (!event.dataTransfer.types.includes(DRAGGED_TYPE)) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = "copy";
        const target = wireAt(event);
        if (view.getState().target !== target) view.setState({ target });
      },
      onDragLeave(event: DragEvent): void {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) leave();
      },
      onDrop(event: DragEvent): void {
        const type = event.dataTransfer.getData(DRAGGED_TYPE);
        if (!type) return;
        event.preventDefault();
        const into = wireAt(event);
        leave();
        const at = view.getState().canvas?.snapped(event.clientX, event.clientY) ?? [0, 0];
        if (type.startsWith(SAVED_TYPE)) void insertSaved(studio, type.slice(SAVED_TYPE.length), at);
        else addNodeAt(studio, type, at, into === null ? {} : { into });
      },
    };
  }, [studio, view]);
}
