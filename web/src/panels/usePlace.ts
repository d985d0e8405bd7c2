import { useState, type DragEvent, type KeyboardEvent } from "react";
import { moveTarget } from "../runtime/queue";
import { useStudio } from "../state/context";

/** Where a row stands among those that wait. */
export interface Place {
  /** The first job of each row, in their order. */
  readonly firsts: readonly string[];
  readonly index: number;
}

const DRAGGED_JOB = "application/x-wirebrush-job";

/** A row that can be moved: by dragging it, or by the arrow keys on its handle. */
export function usePlace(place: Place | null) {
  const studio = useStudio();
  const [over, setOver] = useState(false);
  if (!place) return { over: false, handlers: {} };
  const { firsts, index } = place;
  const job = firsts[index] ?? "";

  const move = (id: string, to: number): void => {
    const before = moveTarget(firsts, id, to);
    if (before !== undefined) studio.runtime.move(id, before).catch((error: Error) => studio.notify(error.message));
  };
  const handlers = {
    draggable: true,
    onDragStart(event: DragEvent): void {
      event.dataTransfer.setData(DRAGGED_JOB, job);
      event.dataTransfer.effectAllowed = "move";
    },
    onDragOver(event: DragEvent): void {
      if (!event.dataTransfer.types.includes(DRAGGED_JOB)) return;
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: (): void => setOver(false),
    onDrop(event: DragEvent): void {
      setOver(false);
      const id = event.dataTransfer.getData(DRAGGED_JOB);
      if (!id) return;
      event.preventDefault();
      move(id, index);
    },
    onKeyDown(event: KeyboardEvent): void {
      if (!(event.target as Element).closest("[data-handle]")) return;
      if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
      event.preventDefault();
      move(job, index + (event.key === "ArrowUp" ? -1 : 1));
    },
  };
  return { over, handlers };
}
