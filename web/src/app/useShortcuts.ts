import { useEffect, useMemo } from "react";
import { useSettings, useStudio } from "../state/context";
import type { Studio } from "../state/studio";
import { copiedText, pasteText, removeSelected } from "./commands/edit";
import { commandsByKeys, keysOfEvent } from "./keys";

/** Keys and the clipboard. Text fields keep their own undo, copy and paste. */
export function useShortcuts(): void {
  const studio = useStudio();
  const chosen = useSettings((settings) => settings.keys);
  const commands = useMemo(() => commandsByKeys(chosen), [chosen]);
  useEffect(() => {
    const key = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || isCovered(studio) || isInMenu(event.target)) return;
      const keys = keysOfEvent(event);
      const command = keys && commands.get(keys.toLowerCase());
      if (!command || (isField(event.target) && !command.inFields)) return;
      if (command.enabled?.(studio) === false) return;
      event.preventDefault();
      command.run(studio);
    };
    const copy = (event: ClipboardEvent): void => {
      const text = isField(event.target) || hasTextSelected() ? "" : copiedText(studio);
      if (!text) return;
      event.clipboardData?.setData("text/plain", text);
      event.preventDefault();
      if (event.type === "cut") removeSelected(studio);
    };
    const paste = (event: ClipboardEvent): void => {
      if (isField(event.target)) return;
      const text = event.clipboardData?.getData("text/plain") ?? "";
      if (pasteText(studio, text)) event.preventDefault();
    };
    addEventListener("keydown", key);
    document.addEventListener("copy", copy);
    document.addEventListener("cut", copy);
    document.addEventListener("paste", paste);
    return () => {
      removeEventListener("keydown", key);
      document.removeEventListener("copy", copy);
      document.removeEventListener("cut", copy);
      document.removeEventListener("paste", paste);
    };
  }, [studio, commands]);
}

/** While something lies over the page, keys are for that. */
function isCovered(studio: Studio): boolean {
  const { enlarged, overlay } = studio.ui.getState();
  return enlarged !== null || overlay !== null;
}

function isInMenu(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('[role="menu"], [role="listbox"]') !== null;
}

function isField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return target.type !== "checkbox";
  return target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

function hasTextSelected(): boolean {
  return getSelection()?.isCollapsed === false;
}
