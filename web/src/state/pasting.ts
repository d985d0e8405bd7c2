/** Copies of what is selected, and where they go. */
import { t } from "../i18n/text";
import { frameKey, noteKey } from "../model/layout/boxes";
import { chosenOf, copyText, cornerOf, pasteFrom, type PasteWish, type Place } from "../model/clipboard/clipboard";
import { paste, removeItems } from "../model/commands";
import type { Point } from "../model/document/document";
import { GRID } from "../model/layout/geometry";
import { chosenItems } from "./chosen";
import type { Studio } from "./studio";
import { openDefinition } from "./subgraphs";

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
export function pasteText(studio: Studio, text: string, wish: PasteWish): boolean {
  return pasteAt(studio, text, studio.view.getState().canvas?.pointer() ?? [0, 0], wish);
}

/** Paste a copy with its upper left corner at a place, and select it. */
export function pasteAt(studio: Studio, text: string, at: Point, wish: PasteWish): boolean {
  const result = pasteFrom(text, openPlace(studio), at, wish);
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

/** Put a copy of the selection beside it, with the wires that come into it if that is wanted. */
export function duplicate(studio: Studio, keepWires: boolean): void {
  const text = copiedText(studio);
  if (!text) return;
  const corner = cornerOf(chosenOf(studio.documents.graph, chosenItems(studio)));
  pasteAt(studio, text, [corner[0] + GRID, corner[1] + GRID], { keepWires });
}

function openPlace({ documents, workspace }: Studio): Place {
  return { document: documents.document, within: openDefinition(workspace) };
}
