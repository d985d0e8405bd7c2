import { useEffect } from "react";
import { useStudio } from "../state/context";
import { t } from "../i18n/text";
import { COMMANDS, type AppCommand } from "./commands";
import { copiedText, pasteText, removeSelected } from "./commands/edit";

/** Keys and the clipboard. Text fields keep their own undo, copy and paste. */
export function useShortcuts(): void {
  const studio = useStudio();
  useEffect(() => {
    const key = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || studio.ui.getState().enlarged) return;
      const command = commandFor(event);
      if (!command || (isField(event.target) && !command.inFields)) return;
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
  }, [studio]);
}

const BY_KEYS: ReadonlyMap<string, AppCommand> = new Map(
  COMMANDS.flatMap((command) => command.keys.map((keys) => [keys.toLowerCase(), command] as const)),
);

function commandFor(event: KeyboardEvent): AppCommand | undefined {
  const parts = [
    event.ctrlKey || event.metaKey ? "ctrl" : "",
    event.altKey ? "alt" : "",
    event.shiftKey ? "shift" : "",
    event.key.toLowerCase(),
  ];
  return BY_KEYS.get(parts.filter(Boolean).join("+"));
}

/** A command's first key, as it is shown. */
export function keysOf(id: string): string {
  const keys = COMMANDS.find((command) => command.id === id)?.keys[0] ?? "";
  return keys.replace("Enter", "↵").replaceAll("+", " ");
}

/** A tooltip with the key behind the words. */
export function withKeys(id: string): string {
  const command = COMMANDS.find((item) => item.id === id);
  return command ? `${t(command.label)} (${command.keys[0] ?? ""})` : "";
}

function isField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return target.type !== "checkbox";
  return target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

function hasTextSelected(): boolean {
  return getSelection()?.isCollapsed === false;
}
