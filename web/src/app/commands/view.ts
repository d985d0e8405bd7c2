/** Looking: zoom, search, and what is open beside the canvas. */
import { itemOf, placeOf, type ItemKey } from "../../model/layout/boxes";
import type { Point } from "../../model/document/document";
import type { Studio } from "../../state/studio";
import type { Hit } from "../../state/view";
import type { AppCommand } from "./command";

export const VIEW: readonly AppCommand[] = [
  { id: "palette", label: "command.palette", menu: "view", group: "panels", keys: ["Ctrl+K"], inFields: true, run: (studio) => studio.ui.setState({ overlay: "palette" }) },
  { id: "fit", label: "command.fit", menu: "view", group: "zoom", on: ["canvas"], keys: [".", "F"], run: (studio) => studio.view.getState().canvas?.fit() },
  { id: "zoomIn", label: "command.zoomIn", menu: "view", group: "zoom", keys: ["Ctrl+=", "Ctrl++"], run: (studio) => studio.view.getState().canvas?.zoom(1.25) },
  { id: "zoomOut", label: "command.zoomOut", menu: "view", group: "zoom", keys: ["Ctrl+-"], run: (studio) => studio.view.getState().canvas?.zoom(0.8) },
  { id: "search", label: "command.search", menu: "view", group: "panels", keys: ["/"], run: focusSearch },
  { id: "add", label: "add.title", menu: "edit", group: "add", on: ["canvas"], keys: ["Tab", "Shift+A"], onCanvas: true, run: openAddMenu },
  { id: "contextMenu", label: "command.contextMenu", menu: "edit", group: "add", keys: ["Shift+F10", "ContextMenu"], onCanvas: true, run: openContextMenu },
];

function focusSearch(studio: Studio): void {
  studio.ui.setState({ panel: "library" });
  requestAnimationFrame(() => document.getElementById("library-search")?.focus());
}

/**
 * At the place that was asked for, or at the pointer if it is on the canvas; else beside the selected
 * node, for those who build by keyboard.
 */
function openAddMenu(studio: Studio, place?: Point): void {
  const { canvas } = studio.view.getState();
  if (!canvas) return;
  const pointed = document.querySelector("[data-document]:hover") ? canvas.toScreen(canvas.pointer()) : undefined;
  const screen = place ?? pointed;
  studio.view.setState({ adding: { screen: screen ?? [innerWidth / 2 - 160, innerHeight / 3], at: screen ? canvas.snapped(...screen) : null, wire: null } });
}

/** The menu of what is selected, for those who point with keys. */
function openContextMenu(studio: Studio): void {
  const { nodes, wires, scenery, canvas } = studio.view.getState();
  const { graph } = studio.documents;
  const key = [...nodes, ...scenery].at(-1);
  const at = key === undefined ? undefined : placeOf(graph, key);
  const on = key === undefined ? (wires.size ? "wire" : "canvas") : kindOf(key);
  if (canvas) studio.ui.setState({ menu: { on, at: canvas.toScreen(at ?? canvas.centre()) } });
}

const KINDS = { nodes: "node", frames: "frame", notes: "note" } as const;

/** What kind of thing on the canvas a key names. */
export function kindOf(key: ItemKey): Hit["kind"] {
  return KINDS[itemOf(key).kind];
}
