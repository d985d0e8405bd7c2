/** Undo, the clipboard, and what is done to the selection. */
import { copyText, cornerOf, pasteFrom } from "../../model/clipboard";
import { paste, removeItems, setNodeField } from "../../model/commands";
import type { Studio } from "../../state/studio";
import { select } from "../../state/view";
import type { AppCommand } from "./command";

export const EDIT: readonly AppCommand[] = [
  { id: "undo", label: "command.undo", menu: "edit", group: "history", keys: ["Ctrl+Z"], enabled: hasPast, run: (studio) => studio.documents.undo() },
  { id: "redo", label: "command.redo", menu: "edit", group: "history", keys: ["Ctrl+Shift+Z", "Ctrl+Y"], enabled: hasFuture, run: (studio) => studio.documents.redo() },
  { id: "duplicate", label: "command.duplicate", menu: "edit", group: "selection", on: ["node"], keys: ["Ctrl+D"], enabled: hasNodes, run: duplicate },
  { id: "delete", label: "command.delete", menu: "edit", group: "selection", on: ["node", "wire"], keys: ["Delete", "Backspace"], enabled: hasSelection, run: removeSelected },
  { id: "selectAll", label: "command.selectAll", menu: "edit", group: "select", on: ["canvas"], keys: ["Ctrl+A"], run: (studio) => select(studio.view, Object.keys(studio.documents.graph.nodes)) },
  { id: "rename", label: "command.rename", menu: "edit", group: "node", on: ["node"], keys: ["F2"], enabled: hasNodes, run: renameSelected },
  { id: "mute", label: "command.mute", menu: "edit", group: "node", on: ["node"], keys: ["Ctrl+M"], enabled: hasNodes, checked: (studio) => allAre(studio, "mute"), run: (studio) => toggleMode(studio, "mute") },
  { id: "bypass", label: "command.bypass", menu: "edit", group: "node", on: ["node"], keys: ["Ctrl+B"], enabled: hasNodes, checked: (studio) => allAre(studio, "bypass"), run: (studio) => toggleMode(studio, "bypass") },
];

function hasPast(studio: Studio): boolean {
  return studio.documents.store.getState().editing.past.length > 0;
}

function hasFuture(studio: Studio): boolean {
  return studio.documents.store.getState().editing.future.length > 0;
}

function hasNodes(studio: Studio): boolean {
  return studio.view.getState().nodes.size > 0;
}

function hasSelection(studio: Studio): boolean {
  return hasNodes(studio) || studio.view.getState().wires.size > 0;
}

export function removeSelected(studio: Studio): void {
  const { nodes, wires } = studio.view.getState();
  studio.documents.run(removeItems, { nodes: [...nodes], wires: [...wires] });
  select(studio.view, []);
}

/** The selection as text for the clipboard; empty if nothing is selected. */
export function copiedText(studio: Studio): string {
  const { nodes } = studio.view.getState();
  return nodes.size ? copyText(studio.documents.graph, nodes) : "";
}

/** Paste copied nodes at the pointer. False if the text is none of ours. */
export function pasteText(studio: Studio, text: string): boolean {
  const at = studio.view.getState().canvas?.pointer() ?? [0, 0];
  const pasted = pasteFrom(text, studio.documents.graph, at);
  if (!pasted) return false;
  studio.documents.run(paste, pasted);
  select(studio.view, Object.keys(pasted.nodes));
  return true;
}

function duplicate(studio: Studio): void {
  const { graph } = studio.documents;
  const { nodes } = studio.view.getState();
  const chosen = Object.fromEntries(Object.entries(graph.nodes).filter(([id]) => nodes.has(id)));
  if (Object.keys(chosen).length === 0) return;
  const [x, y] = cornerOf({ nodes: chosen });
  const pasted = pasteFrom(copyText(graph, nodes), graph, [x + 22, y + 22]);
  if (!pasted) return;
  studio.documents.run(paste, pasted);
  select(studio.view, Object.keys(pasted.nodes));
}

function renameSelected(studio: Studio): void {
  const [id] = studio.view.getState().nodes;
  if (id !== undefined) studio.view.setState({ renaming: id });
}

function allAre(studio: Studio, mode: "mute" | "bypass"): boolean {
  const nodes = [...studio.view.getState().nodes];
  return nodes.length > 0 && nodes.every((id) => studio.documents.graph.nodes[id]?.mode === mode);
}

function toggleMode(studio: Studio, mode: "mute" | "bypass"): void {
  const nodes = [...studio.view.getState().nodes];
  studio.documents.run(setNodeField, { nodes, field: "mode", value: allAre(studio, mode) ? undefined : mode });
}
