import { useEffect, useMemo } from "react";
import { useSettings, useStudio } from "../state/context";
import type { Studio } from "../state/studio";
import { isBeside } from "../state/ui";
import { putAway } from "./drawer";
import { isField } from "./fields";
import { commandsByKeys, keysOfEvent } from "./keys";

/** Keys of commands. Text fields keep their own, such as undo; what the clipboard does is in `useClipboard`. */
export function useShortcuts(): void {
  const studio = useStudio();
  const chosen = useSettings((settings) => settings.keys);
  const commands = useMemo(() => commandsByKeys(chosen), [chosen]);
  useEffect(() => {
    const key = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || isCovered(studio, event) || isInMenu(event.target)) return;
      if (event.key === "Escape" && putAway(studio, event.target)) return;
      const keys = keysOfEvent(event);
      const command = keys && commands.get(keys.toLowerCase());
      if (!command || (isField(event.target) && !command.inFields)) return;
      if (command.onCanvas && !isCanvas(event.target)) return;
      if (command.enabled?.(studio) === false) return;
      if (command.native && command.keys.includes(keys)) return;
      event.preventDefault();
      command.run(studio);
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, [studio, commands]);
}

/** While something lies over the page, keys are for that; beside it, only those that close it and those pressed in it. */
function isCovered(studio: Studio, { key, target }: KeyboardEvent): boolean {
  const { enlarged, overlay } = studio.ui.getState();
  if (enlarged !== null || overlay === null) return enlarged !== null;
  return !isBeside(overlay) || key === "Escape" || (target instanceof Element && target.closest('[role="dialog"]') !== null);
}

/** The canvas, or the page as a whole when nothing has the focus. */
function isCanvas(target: EventTarget | null): boolean {
  if (!(target instanceof Element) || target === document.body) return true;
  return target.closest(".react-flow") !== null && target.closest("button, a, [role=button]") === null;
}

function isInMenu(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('[role="menu"], [role="listbox"]') !== null;
}
