import { useEffect } from "react";
import { carried, carriesPicture } from "../state/carried";
import { useStudio } from "../state/context";
import { dropFiles, dropPicture } from "./dropping";

/** Files dropped anywhere are opened; pictures of the gallery go to the canvas. */
export function useFileDrop(): void {
  const studio = useStudio();
  useEffect(() => {
    const over = (event: DragEvent): void => {
      const { dataTransfer, target } = event;
      // Without this the browser would leave the page for the file.
      if (dataTransfer?.types.includes("Files")) event.preventDefault();
      if (dataTransfer && carriesPicture(dataTransfer) && isCanvas(target)) {
        dataTransfer.dropEffect = "copy";
        event.preventDefault();
        event.stopPropagation();
      }
    };
    // Ours go before the places for files on nodes, which would take them for such.
    const picture = (event: DragEvent): void => {
      const found = isCanvas(event.target) ? carried(event.dataTransfer) : null;
      if (!found) return;
      event.preventDefault();
      event.stopPropagation();
      dropPicture(studio, found, event);
    };
    const drop = (event: DragEvent): void => {
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length === 0 || event.defaultPrevented) return;
      event.preventDefault();
      void dropFiles(studio, files);
    };
    addEventListener("dragover", over, true);
    addEventListener("drop", picture, true);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", over, true);
      removeEventListener("drop", picture, true);
      removeEventListener("drop", drop);
    };
  }, [studio]);
}

function isCanvas(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("[data-document]") !== null;
}
