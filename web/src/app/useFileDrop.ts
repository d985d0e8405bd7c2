import { useEffect } from "react";
import { workflowTextIn } from "../model/picture";
import { useStudio } from "../state/context";
import type { Studio } from "../state/studio";
import { t } from "../i18n/text";

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
      openDropped(studio, file).catch((error: Error) => studio.notify(error.message));
    };
    addEventListener("dragover", over);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("drop", drop);
    };
  }, [studio]);
}

async function openDropped(studio: Studio, file: File): Promise<void> {
  const isPicture = file.type.startsWith("image/");
  const text = isPicture ? workflowTextIn(await file.arrayBuffer()) : await file.text();
  if (text === null) return studio.notify(t("file.noWorkflow", { name: file.name }));
  await studio.openData(parsedOr(text, t("file.notJson", { name: file.name })));
}

function parsedOr(text: string, words: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(words);
  }
}
