/** Looking: zoom, search, and what is open beside the canvas. */
import type { Studio } from "../../state/studio";
import type { AppCommand } from "./command";

export const VIEW: readonly AppCommand[] = [
  { id: "palette", label: "command.palette", menu: "view", group: "panels", keys: ["Ctrl+K"], inFields: true, run: (studio) => studio.ui.setState({ overlay: "palette" }) },
  { id: "fit", label: "command.fit", menu: "view", group: "zoom", on: ["canvas"], keys: [".", "F"], run: (studio) => studio.view.getState().canvas?.fit() },
  { id: "zoomIn", label: "command.zoomIn", menu: "view", group: "zoom", keys: ["Ctrl+=", "Ctrl++"], run: (studio) => studio.view.getState().canvas?.zoom(1.25) },
  { id: "zoomOut", label: "command.zoomOut", menu: "view", group: "zoom", keys: ["Ctrl+-"], run: (studio) => studio.view.getState().canvas?.zoom(0.8) },
  { id: "search", label: "command.search", menu: "view", group: "panels", keys: ["/"], run: focusSearch },
  { id: "add", label: "add.title", menu: "edit", group: "add", on: ["canvas"], keys: ["Tab", "Shift+A"], onCanvas: true, run: openAddMenu },
];

function focusSearch(studio: Studio): void {
  studio.ui.setState({ panel: "library" });
  requestAnimationFrame(() => document.getElementById("library-search")?.focus());
}

function openAddMenu(studio: Studio): void {
  const { canvas } = studio.view.getState();
  if (canvas)
    studio.view.setState({ adding: { screen: [innerWidth / 2 - 150, innerHeight / 3], at: canvas.centre(), wire: null } });
}
