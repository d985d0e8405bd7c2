/** Copy, cut, paste and duplicate: the clipboard holds text that other pages and programs can paste too. */
import { t } from "../../i18n/text";
import { itemOf, frameKey, noteKey } from "../../model/boxes";
import { chosenOf, copyText, cornerOf, pasteFrom, type Chosen, type Place } from "../../model/clipboard";
import { paste, removeItems } from "../../model/commands";
import { definitionAt, type Point } from "../../model/document";
import { GRID } from "../../model/geometry";
import type { Studio } from "../../state/studio";
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

/** What is selected on the canvas. */
export function chosenItems(studio: Studio): Required<Chosen> {
  const { nodes, scenery } = studio.view.getState();
  const items = [...scenery].map(itemOf);
  return {
    nodes,
    frames: items.flatMap(({ kind, id }) => (kind === "frames" ? [id] : [])),
    notes: items.flatMap(({ kind, id }) => (kind === "notes" ? [id] : [])),
  };
}

/** The canvas that is open. */
export function openPlace({ documents }: Studio): Place {
  return { document: documents.document, within: definitionAt(documents.document, documents.scope) ?? "" };
}

/** The selection as text for the clipboard; empty if nothing is selected. */
export function copiedText(studio: Studio): string {
  return copyText(openPlace(studio), chosenItems(studio));
}

/** Delete what was copied. */
export function removeCopied(studio: Studio): void {
  const { nodes, frames, notes } = chosenItems(studio);
  studio.documents.run(removeItems, { nodes: [...nodes], frames: [...frames], notes: [...notes] });
  studio.view.setState({ nodes: new Set(), wires: new Set(), scenery: new Set() });
}

/** Paste a copy at the pointer. False if the text is none of ours. */
export function pasteText(studio: Studio, text: string, keepWires = false): boolean {
  return pasteAt(studio, text, studio.view.getState().canvas?.pointer() ?? [0, 0], keepWires);
}

/** Paste a copy with its upper left corner at a place, and select it. */
export function pasteAt(studio: Studio, text: string, at: Point, keepWires: boolean): boolean {
  const result = pasteFrom(text, openPlace(studio), at, keepWires);
  if (!result) return false;
  if (result.kind === "recursion") {
    studio.notify(t("subgraph.recursion", { name: result.name }));
    return true;
  }
  const { nodes, frames, notes } = result.content;
  studio.documents.run(paste, result.content);
  const scenery = [...Object.keys(frames).map(frameKey), ...Object.keys(notes).map(noteKey)];
  studio.view.setState({ nodes: new Set(Object.keys(nodes)), wires: new Set(), scenery: new Set(scenery) });
  return true;
}

/** From a menu there is no paste event: the browser has to be asked, and may refuse. */
async function readAndPaste(studio: Studio, keepWires: boolean): Promise<void> {
  let text = "";
  try {
    text = await navigator.clipboard.readText();
  } catch {
    return studio.notify(t("paste.keys", { keys: keepWires ? "Ctrl+Shift+V" : "Ctrl+V" }));
  }
  if (!pasteText(studio, text, keepWires)) studio.notify(t("paste.nothing"));
}

function duplicate(studio: Studio, keepWires: boolean): void {
  const chosen = chosenItems(studio);
  const { graph } = studio.documents;
  const text = copyText(openPlace(studio), chosen);
  if (!text) return;
  const corner = cornerOf(chosenOf(graph, chosen));
  pasteAt(studio, text, [corner[0] + GRID, corner[1] + GRID], keepWires);
}
