/** Everything a person can ask for by key, button or (later) palette, in one table. */
import { copyText, cornerOf, pasteFrom } from "../model/clipboard";
import { paste, removeItems, setNodeField } from "../model/commands";
import { isFinal } from "../runtime/jobs";
import type { Studio } from "../state/studio";
import { select } from "../state/view";
import type { TextKey } from "../ui/text";

export interface AppCommand {
  readonly id: string;
  readonly label: TextKey;
  /** Keys as `Ctrl+Shift+Z`; `Ctrl` is the Command key on a Mac. */
  readonly keys: readonly string[];
  /** Also while a text field has the focus. */
  readonly inFields?: boolean;
  readonly run: (studio: Studio) => void;
}

export const COMMANDS: readonly AppCommand[] = [
  { id: "run", label: "command.run", keys: ["Ctrl+Enter"], inFields: true, run: (studio) => studio.run() },
  { id: "cancel", label: "command.cancel", keys: ["Ctrl+Shift+Enter"], inFields: true, run: cancelCurrent },
  { id: "undo", label: "command.undo", keys: ["Ctrl+Z"], run: (studio) => studio.documents.undo() },
  { id: "redo", label: "command.redo", keys: ["Ctrl+Shift+Z", "Ctrl+Y"], run: (studio) => studio.documents.redo() },
  { id: "delete", label: "command.delete", keys: ["Delete", "Backspace"], run: removeSelected },
  { id: "duplicate", label: "command.duplicate", keys: ["Ctrl+D"], run: duplicate },
  { id: "selectAll", label: "command.selectAll", keys: ["Ctrl+A"], run: (studio) => select(studio.view, Object.keys(studio.documents.document.nodes)) },
  { id: "fit", label: "command.fit", keys: [".", "F"], run: (studio) => studio.view.getState().canvas?.fit() },
  { id: "zoomIn", label: "command.zoomIn", keys: ["Ctrl+=", "Ctrl++"], run: (studio) => studio.view.getState().canvas?.zoom(1.25) },
  { id: "zoomOut", label: "command.zoomOut", keys: ["Ctrl+-"], run: (studio) => studio.view.getState().canvas?.zoom(0.8) },
  { id: "rename", label: "command.rename", keys: ["F2"], run: renameSelected },
  { id: "mute", label: "command.mute", keys: ["Ctrl+M"], run: (studio) => toggleMode(studio, "mute") },
  { id: "bypass", label: "command.bypass", keys: ["Ctrl+B"], run: (studio) => toggleMode(studio, "bypass") },
  { id: "search", label: "command.search", keys: ["/"], run: focusSearch },
  { id: "add", label: "add.title", keys: ["Shift+A"], run: openAddMenu },
];

/** The jobs of this document that have not ended, the running one first. */
export function cancelCurrent(studio: Studio): void {
  const { jobs } = studio.runtime.store.getState();
  const open = jobs.order.filter((id) => id in jobs.ours && !isFinal(jobs.byId[id]?.record.state ?? "failed"));
  const current = open.find((id) => jobs.byId[id]?.record.state === "running") ?? open.at(-1);
  if (current) studio.runtime.cancel(current);
}

export function removeSelected(studio: Studio): void {
  const { nodes, wires } = studio.view.getState();
  studio.documents.run(removeItems, { nodes: [...nodes], wires: [...wires] });
  select(studio.view, []);
}

/** The selection as text for the clipboard; empty if nothing is selected. */
export function copiedText(studio: Studio): string {
  const { nodes } = studio.view.getState();
  return nodes.size ? copyText(studio.documents.document, nodes) : "";
}

/** Paste copied nodes at the pointer. False if the text is none of ours. */
export function pasteText(studio: Studio, text: string): boolean {
  const at = studio.view.getState().canvas?.pointer() ?? [0, 0];
  const pasted = pasteFrom(text, studio.documents.document, at);
  if (!pasted) return false;
  studio.documents.run(paste, pasted);
  select(studio.view, Object.keys(pasted.nodes));
  return true;
}

function duplicate(studio: Studio): void {
  const { document } = studio.documents;
  const { nodes } = studio.view.getState();
  const chosen = Object.fromEntries(Object.entries(document.nodes).filter(([id]) => nodes.has(id)));
  if (Object.keys(chosen).length === 0) return;
  const [x, y] = cornerOf({ nodes: chosen });
  const pasted = pasteFrom(copyText(document, nodes), document, [x + 22, y + 22]);
  if (!pasted) return;
  studio.documents.run(paste, pasted);
  select(studio.view, Object.keys(pasted.nodes));
}

function renameSelected(studio: Studio): void {
  const [id] = studio.view.getState().nodes;
  if (id !== undefined) studio.view.setState({ renaming: id });
}

function toggleMode(studio: Studio, mode: "mute" | "bypass"): void {
  const nodes = [...studio.view.getState().nodes];
  const all = nodes.every((id) => studio.documents.document.nodes[id]?.mode === mode);
  studio.documents.run(setNodeField, { nodes, field: "mode", value: all ? undefined : mode });
}

function focusSearch(studio: Studio): void {
  studio.view.setState({ panel: "library" });
  requestAnimationFrame(() => document.getElementById("library-search")?.focus());
}

function openAddMenu(studio: Studio): void {
  const { canvas } = studio.view.getState();
  if (canvas)
    studio.view.setState({ adding: { screen: [innerWidth / 2 - 150, innerHeight / 3], at: canvas.centre(), wire: null } });
}
