/** Undo, the clipboard, and what is done to the selection. */
import { itemOf } from "../../model/layout/boxes";
import { removeItems, setNodeField } from "../../model/commands";
import type { Studio } from "../../state/studio";
import { select } from "../../state/view";
import type { AppCommand } from "./command";

export const EDIT: readonly AppCommand[] = [
  { id: "undo", label: "command.undo", menu: "edit", group: "history", keys: ["Ctrl+Z"], enabled: hasPast, run: (studio) => studio.documents.undo() },
  { id: "redo", label: "command.redo", menu: "edit", group: "history", keys: ["Ctrl+Shift+Z", "Ctrl+Y"], enabled: hasFuture, run: (studio) => studio.documents.redo() },
  { id: "delete", label: "command.delete", menu: "edit", group: "selection", on: ["node", "wire", "frame", "note"], keys: ["Delete", "Backspace"], enabled: hasSelection, run: removeSelected },
  { id: "rename", label: "command.rename", menu: "edit", group: "node", on: ["node", "frame", "note"], keys: ["F2"], enabled: hasItems, run: renameSelected },
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

function hasItems(studio: Studio): boolean {
  return hasNodes(studio) || studio.view.getState().scenery.size > 0;
}

function hasSelection(studio: Studio): boolean {
  return hasItems(studio) || studio.view.getState().wires.size > 0;
}

function removeSelected(studio: Studio): void {
  const { nodes, wires, scenery } = studio.view.getState();
  const items = [...scenery].map(itemOf);
  const ids = (wanted: "frames" | "notes"): string[] => items.flatMap(({ kind, id }) => (kind === wanted ? [id] : []));
  studio.documents.run(removeItems, { nodes: [...nodes], wires: [...wires], frames: ids("frames"), notes: ids("notes") });
  select(studio.view, []);
}

function renameSelected(studio: Studio): void {
  const { nodes, scenery } = studio.view.getState();
  const [id] = [...nodes, ...scenery];
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
