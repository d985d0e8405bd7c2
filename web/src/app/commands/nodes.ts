/** One node at a time: its help, its fields as ports, and what is wrong. */
import { inputOf } from "../../model/catalog/catalog";
import { showPort } from "../../model/commands";
import { wireKey, type PortRef } from "../../model/document/document";
import { revealProblem } from "../../state/reveal";
import type { Studio } from "../../state/studio";
import type { AppCommand } from "./command";

export const NODES: readonly AppCommand[] = [
  { id: "help", label: "command.help", menu: "help", group: "help", on: ["node"], keys: ["F1"], inFields: true, enabled: hasNode, run: showHelp },
  { id: "widgetToPort", label: "command.widgetToPort", menu: "edit", group: "node", on: ["node"], keys: ["Alt+P"], inFields: true, enabled: (studio) => fieldOf(studio) !== null, checked: isPort, run: togglePort },
  { id: "problems", label: "command.problems", menu: "view", group: "panels", keys: ["Ctrl+Shift+M"], inFields: true, checked: (studio) => studio.ui.getState().problems, run: (studio) => studio.ui.setState(({ problems }) => ({ problems: !problems })) },
  { id: "nextProblem", label: "command.nextProblem", menu: "view", group: "panels", keys: ["F8"], inFields: true, enabled: hasProblems, run: (studio) => stepProblem(studio, 1) },
  { id: "previousProblem", label: "command.previousProblem", menu: "view", group: "panels", keys: ["Shift+F8"], inFields: true, enabled: hasProblems, run: (studio) => stepProblem(studio, -1) },
];

function hasNode(studio: Studio): boolean {
  return studio.view.getState().nodes.size > 0;
}

function showHelp(studio: Studio): void {
  studio.ui.setState({ panel: "activity" });
  requestAnimationFrame(() => document.getElementById("node-help")?.focus());
}

/** The field that was pointed at or focused last, if it can be a port. */
function fieldOf(studio: Studio): PortRef | null {
  const { field } = studio.view.getState();
  if (!field) return null;
  const node = studio.documents.graph.nodes[field[0]];
  return inputOf(studio.workspace.types?.spec(node?.type ?? ""), field[1])?.widget ? field : null;
}

function isPort(studio: Studio): boolean {
  const field = fieldOf(studio);
  if (!field) return false;
  const { nodes, wires } = studio.documents.graph;
  return wireKey(field) in wires || (nodes[field[0]]?.ports?.includes(field[1]) ?? false);
}

function togglePort(studio: Studio): void {
  const field = fieldOf(studio);
  if (field) studio.documents.run(showPort, { node: field[0], port: field[1], shown: !isPort(studio) });
}

function hasProblems(studio: Studio): boolean {
  return studio.problems.current.all.length > 0;
}

function stepProblem(studio: Studio, by: number): void {
  const { all } = studio.problems.current;
  const next = all[studio.problems.step(by)];
  if (next) revealProblem(studio, next);
}
