import { useEffect } from "react";
import { useStudio } from "../state/context";
import { copiedText, removeCopied } from "../state/pasting";
import { isField } from "./fields";
import { pasteOrOpen } from "./pasteOrOpen";

/** The clipboard by the browser's own events. Text fields keep their own copy and paste. */
export function useClipboard(): void {
  const studio = useStudio();
  useEffect(() => {
    // A paste event does not say which keys it came from.
    let shift = false;
    const watch = (event: KeyboardEvent): void => {
      shift = event.shiftKey;
    };
    const copy = (event: ClipboardEvent): void => {
      const text = isField(event.target) || hasTextSelected() ? "" : copiedText(studio);
      if (!text) return;
      event.clipboardData?.setData("text/plain", text);
      event.preventDefault();
      if (event.type === "cut") removeCopied(studio);
    };
    const paste = (event: ClipboardEvent): void => {
      if (isField(event.target) || event.defaultPrevented) return;
      const text = event.clipboardData?.getData("text/plain") ?? "";
      if (!text) return;
      event.preventDefault();
      void pasteOrOpen(studio, text, shift);
    };
    addEventListener("keydown", watch, true);
    addEventListener("keyup", watch, true);
    document.addEventListener("copy", copy);
    document.addEventListener("cut", copy);
    document.addEventListener("paste", paste);
    return () => {
      removeEventListener("keydown", watch, true);
      removeEventListener("keyup", watch, true);
      document.removeEventListener("copy", copy);
      document.removeEventListener("cut", copy);
      document.removeEventListener("paste", paste);
    };
  }, [studio]);
}

function hasTextSelected(): boolean {
  return getSelection()?.isCollapsed === false;
}
