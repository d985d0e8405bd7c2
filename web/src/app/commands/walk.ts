/** From node to node by keyboard, and into a node and out again. */
import { nodeBoxes } from "../../model/layout/boxes";
import type { NodeId } from "../../model/document/document";
import { inReadingOrder, neighbour, type Direction } from "../../model/selection/walking";
import { looksOf } from "../../state/moving";
import type { Studio } from "../../state/studio";
import { openInstance } from "../../state/subgraphs";
import { say, select } from "../../state/view";
import { t } from "../../i18n/text";
import type { AppCommand } from "./command";
import { hasNodes } from "./select";

export const WALK: readonly AppCommand[] = [
  { id: "walk.left", label: "walk.left", menu: "view", group: "walk", keys: ["Alt+ArrowLeft"], onCanvas: true, run: (studio) => along(studio, "left") },
  { id: "walk.right", label: "walk.right", menu: "view", group: "walk", keys: ["Alt+ArrowRight"], onCanvas: true, run: (studio) => along(studio, "right") },
  { id: "walk.up", label: "walk.up", menu: "view", group: "walk", keys: ["Alt+ArrowUp"], onCanvas: true, run: (studio) => along(studio, "up") },
  { id: "walk.down", label: "walk.down", menu: "view", group: "walk", keys: ["Alt+ArrowDown"], onCanvas: true, run: (studio) => along(studio, "down") },
  { id: "walk.next", label: "walk.next", menu: "view", group: "walk", keys: ["N"], run: (studio) => read(studio, 1) },
  { id: "walk.previous", label: "walk.previous", menu: "view", group: "walk", keys: ["B"], run: (studio) => read(studio, -1) },
  { id: "walk.enter", label: "walk.enter", menu: "view", group: "walk", keys: ["Enter"], onCanvas: true, enabled: hasNodes, run: enter },
];

function boxes({ workspace, settings }: Studio): ReturnType<typeof nodeBoxes> {
  return workspace.types ? nodeBoxes(workspace.documents.graph, workspace.types, looksOf(workspace, settings)) : new Map();
}

function current(studio: Studio): NodeId | null {
  return [...studio.view.getState().nodes].at(-1) ?? null;
}

function along(studio: Studio, direction: Direction): void {
  const from = current(studio);
  const all = boxes(studio);
  const to = from === null ? inReadingOrder(all, null, 1) : neighbour(studio.documents.graph, all, from, direction);
  if (to === null) say(studio.view, t("walk.nothing"));
  else goTo(studio, to);
}

function read(studio: Studio, step: 1 | -1): void {
  const to = inReadingOrder(boxes(studio), current(studio), step);
  if (to !== null) goTo(studio, to);
}

/** Select a node, bring it into sight and say where one is. */
export function goTo(studio: Studio, id: NodeId): void {
  const { documents, view, workspace } = studio;
  const node = documents.graph.nodes[id];
  select(view, [id]);
  view.getState().canvas?.focus(id);
  const wires = Object.values(documents.graph.wires).filter(({ from, to }) => from[0] === id || to[0] === id).length;
  const title = node?.title ?? workspace.types?.spec(node?.type ?? "")?.title ?? id;
  say(view, t("walk.at", { title, count: wires }));
}

/** Into a subgraph, or into the first field of a node; Escape leads back out. */
function enter(studio: Studio): void {
  const id = current(studio);
  if (id === null || openInstance(studio.workspace, id)) return;
  const node = document.querySelector(`.react-flow__node[data-id="${CSS.escape(id)}"]`);
  node?.querySelector<HTMLElement>("input, textarea, select, button, [tabindex='0']")?.focus();
}
