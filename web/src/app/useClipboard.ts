import { useEffect } from "react";
import { t } from "../i18n/text";
import { isRecord } from "../model/format/format";
import { parseJson } from "../model/format/json";
import { useStudio } from "../state/context";
import { openAny } from "../state/foreign";
import { copiedText, pasteText, removeCopied } from "../state/pasting";
import type { Studio } from "../state/studio";
import { isField } from "./fields";

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
      if (!pasteText(studio, text, shift)) void openPasted(studio, text);
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

/** A workflow or prompt of any program opens as a new tab; anything else is said to be none. */
async function openPasted(studio: Studio, text: string): Promise<void> {
  const data = jsonObjectIn(text);
  if (!data) return studio.notify(t("drop.pasteNothing"));
  const name = t("drop.pasted");
  try {
    await openAny(studio, data, name);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    studio.notify(t("drop.failed", { name, reason }));
  }
}

function jsonObjectIn(text: string): Record<string, unknown> | null {
  try {
    const data = parseJson(text);
    return isRecord(data) ? data : null;
  } catch {
    return null; // words
  }
}

function hasTextSelected(): boolean {
  return getSelection()?.isCollapsed === false;
}
