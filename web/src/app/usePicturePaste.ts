import { useEffect } from "react";
import { useStudio } from "../state/context";
import { pictureName, placePicture, selectedSlot } from "../state/placing";
import { isField } from "./fields";

/** A picture from the clipboard goes into the selected node that loads one, else becomes such a node. */
export function usePicturePaste(): void {
  const studio = useStudio();
  useEffect(() => {
    const paste = (event: ClipboardEvent): void => {
      const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
      if (!file || event.defaultPrevented || isField(event.target)) return;
      event.preventDefault();
      const at = studio.view.getState().canvas?.pointer() ?? [0, 0];
      // Browsers call every pasted picture image.png.
      const named = new File([file], pictureName("pasted"), { type: file.type });
      placePicture(studio, named, selectedSlot(studio), at).catch((error: Error) => studio.notify(error.message));
    };
    // Before what pastes nodes: a copied picture may come with text beside it.
    document.addEventListener("paste", paste, true);
    return () => document.removeEventListener("paste", paste, true);
  }, [studio]);
}
