import { useEffect } from "react";
import { holdsPoint } from "../model/layout/boxes";
import type { Point } from "../model/document/document";
import { useStudio } from "../state/context";
import { pictureName, placePicture, selectedSlot } from "../state/placing";
import type { Studio } from "../state/studio";
import { isField } from "./fields";

/** A picture from the clipboard goes into the selected node that loads one, else becomes such a node. */
export function usePicturePaste(): void {
  const studio = useStudio();
  useEffect(() => {
    const paste = (event: ClipboardEvent): void => {
      const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
      if (!file || event.defaultPrevented || isField(event.target)) return;
      event.preventDefault();
      // Browsers call every pasted picture image.png.
      const named = new File([file], pictureName("pasted"), { type: file.type });
      placePicture(studio, named, selectedSlot(studio), placeFor(studio)).catch((error: Error) => studio.notify(error.message));
    };
    // Before what pastes nodes: a copied picture may come with text beside it.
    document.addEventListener("paste", paste, true);
    return () => document.removeEventListener("paste", paste, true);
  }, [studio]);
}

/** At the pointer where that is over the canvas, else in its middle. */
function placeFor(studio: Studio): Point {
  const { canvas } = studio.view.getState();
  if (!canvas) return [0, 0];
  const at = canvas.pointer();
  return holdsPoint(canvas.seen(), at) ? at : canvas.centre();
}
