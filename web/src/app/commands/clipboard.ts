/** Copy, cut, paste and duplicate: the clipboard holds text that other pages and programs can paste too. */
import { t } from "../../i18n/text";
import { duplicate } from "../../state/pasting";
import type { Studio } from "../../state/studio";
import { pasteOrOpen } from "../pasteOrOpen";
import type { AppCommand } from "./command";

/** The browser's own events carry the clipboard, so these keys are left to it. */
export const CLIPBOARD: readonly AppCommand[] = [
  { id: "cut", label: "command.cut", menu: "edit", group: "clipboard", on: ["node", "frame", "note"], keys: ["Ctrl+X"], native: true, enabled: hasItems, run: () => void document.execCommand("cut") },
  { id: "copy", label: "command.copy", menu: "edit", group: "clipboard", on: ["node", "frame", "note"], keys: ["Ctrl+C"], native: true, enabled: hasItems, run: () => void document.execCommand("copy") },
  { id: "paste", label: "command.paste", menu: "edit", group: "clipboard", on: ["canvas"], keys: ["Ctrl+V"], native: true, run: (studio) => void readAndPaste(studio, false) },
  { id: "pasteWithWires", label: "command.pasteWithWires", menu: "edit", group: "clipboard", on: ["canvas"], keys: ["Ctrl+Shift+V"], native: true, run: (studio) => void readAndPaste(studio, true) },
  { id: "duplicate", label: "command.duplicate", menu: "edit", group: "clipboard", on: ["node", "frame", "note"], keys: ["Ctrl+D"], enabled: hasItems, run: (studio) => duplicate(studio, false) },
  { id: "duplicateWithWires", label: "command.duplicateWithWires", menu: "edit", group: "clipboard", on: ["node"], keys: ["Ctrl+Shift+D"], enabled: hasItems, run: (studio) => duplicate(studio, true) },
];

function hasItems(studio: Studio): boolean {
  const { nodes, scenery } = studio.view.getState();
  return nodes.size + scenery.size > 0;
}

/** From a menu there is no paste event: the browser has to be asked, and may refuse. */
async function readAndPaste(studio: Studio, keepWires: boolean): Promise<void> {
  let text = "";
  try {
    text = await navigator.clipboard.readText();
  } catch {
    return studio.notify(t("paste.keys", { keys: keepWires ? "Ctrl+Shift+V" : "Ctrl+V" }));
  }
  await pasteOrOpen(studio, text, keepWires);
}
