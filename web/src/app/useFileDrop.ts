import { useEffect } from "react";
import { useStudio } from "../state/context";
import { openLocalFile } from "./openLocalFile";

/** A workflow file, or a picture with its workflow inside, dropped anywhere is opened. */
export function useFileDrop(): void {
  const studio = useStudio();
  useEffect(() => {
    // Without this the browser would leave the page for the file.
    const over = (event: DragEvent): void => {
      if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    };
    const drop = (event: DragEvent): void => {
      const file = event.dataTransfer?.files[0];
      if (!file || event.defaultPrevented) return;
      event.preventDefault();
      openLocalFile(studio, file).catch((error: Error) => studio.notify(error.message));
    };
    addEventListener("dragover", over);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("drop", drop);
    };
  }, [studio]);
}
