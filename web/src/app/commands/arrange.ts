/** Lining up, spacing out, tidying, nudging, collapsing and colouring what is selected. */
import { aligned, distributed, type Boxes, type Edge, type Places } from "../../model/layout/arrange";
import { itemBoxes, type ItemKey } from "../../model/layout/boxes";
import { moveItems, setNodeField } from "../../model/commands";
import type { Point } from "../../model/document/document";
import { GRID } from "../../model/layout/geometry";
import { looksOf, withCarried } from "../../state/moving";
import type { Studio } from "../../state/studio";
import { tidyUp } from "../../state/tidying";
import { say } from "../../state/view";
import { t } from "../../i18n/text";
import type { AppCommand } from "./command";
import { hasNodes } from "./select";

const ARROWS = {
  left: { key: "ArrowLeft", step: [-1, 0] },
  right: { key: "ArrowRight", step: [1, 0] },
  up: { key: "ArrowUp", step: [0, -1] },
  down: { key: "ArrowDown", step: [0, 1] },
} as const;

export const ARRANGE: readonly AppCommand[] = [
  ...(["left", "centre", "right", "top", "middle", "bottom"] as const).map(
    (edge): AppCommand => ({ id: `align.${edge}`, label: `arrange.${edge}`, menu: "arrange", group: "align", keys: [], enabled: (studio) => selected(studio).length > 1, run: (studio) => align(studio, edge) }),
  ),
  { id: "distribute.across", label: "arrange.across", menu: "arrange", group: "distribute", keys: [], enabled: (studio) => selected(studio).length > 2, run: (studio) => distribute(studio, "across") },
  { id: "distribute.down", label: "arrange.down", menu: "arrange", group: "distribute", keys: [], enabled: (studio) => selected(studio).length > 2, run: (studio) => distribute(studio, "down") },
  { id: "tidy", label: "arrange.tidy", menu: "arrange", group: "tidy", on: ["node", "canvas"], keys: ["Shift+L"], run: (studio) => void tidyAll(studio) },
  { id: "collapse", label: "arrange.collapse", menu: "arrange", group: "look", on: ["node"], keys: ["Alt+C"], enabled: hasNodes, checked: allCollapsed, run: toggleCollapsed },
  { id: "color", label: "arrange.color", menu: "arrange", group: "look", on: ["node", "frame", "note"], keys: ["Shift+C"], enabled: (studio) => selected(studio).length > 0, run: (studio) => studio.view.setState({ coloring: true }) },
  ...(["left", "right", "up", "down"] as const).flatMap((direction): AppCommand[] => [
    { id: `nudge.${direction}`, label: `arrange.nudge.${direction}`, menu: "arrange", group: "nudge", keys: [ARROWS[direction].key], onCanvas: true, enabled: (studio) => selected(studio).length > 0, run: (studio) => nudge(studio, ARROWS[direction].step, 1) },
    { id: `push.${direction}`, label: `arrange.push.${direction}`, menu: "arrange", group: "nudge", keys: [`Shift+${ARROWS[direction].key}`], onCanvas: true, enabled: (studio) => selected(studio).length > 0, run: (studio) => nudge(studio, ARROWS[direction].step, 4) },
  ]),
];

/** What is selected of nodes, frames and notes. */
export function selected(studio: Studio): ItemKey[] {
  const { nodes, scenery } = studio.view.getState();
  return [...nodes, ...scenery];
}

function boxesOf(studio: Studio): Boxes {
  const { workspace, settings } = studio;
  if (!workspace.types) return new Map();
  const all = itemBoxes(workspace.documents.graph, workspace.types, looksOf(workspace, settings));
  return new Map(selected(studio).flatMap((key) => {
    const box = all.get(key);
    return box ? [[key, box] as const] : [];
  }));
}

function align(studio: Studio, edge: Edge): void {
  move(studio, aligned(boxesOf(studio), edge), t(`arrange.${edge}`));
}

function distribute(studio: Studio, direction: "across" | "down"): void {
  move(studio, distributed(boxesOf(studio), direction), t(`arrange.${direction}`));
}

function move(studio: Studio, places: Places, words: string): void {
  studio.documents.run(moveItems, places);
  say(studio.view, words);
}

async function tidyAll(studio: Studio): Promise<void> {
  if (await tidyUp(studio)) say(studio.view, t("arrange.tidied"));
}

/** Presses of arrow keys that follow each other within this time are one undo step. */
const BURST_MS = 1000;

function nudge(studio: Studio, [x, y]: Point, times: number): void {
  const { workspace, settings, documents } = studio;
  if (!workspace.types) return;
  const step = (settings.getState().snapToGrid ? GRID / 2 : 1) * times;
  const { graph } = documents;
  const boxes = itemBoxes(graph, workspace.types, looksOf(workspace, settings));
  const keys = withCarried(graph, selected(studio), boxes);
  const places = Object.fromEntries([...keys].flatMap((key) => {
    const box = boxes.get(key);
    return box ? [[key, [box.left + x * step, box.top + y * step] as const] as const] : [];
  }));
  documents.run(moveItems, places, burst(studio, keys));
}

/** The gesture that a press belongs to: the last one, if it came just before and moved the same things. */
function burst(studio: Studio, keys: ReadonlySet<ItemKey>): string {
  const now = Date.now();
  const { burst: last } = studio.view.getState();
  const what = `nudge:${[...keys].join(",")}:`;
  const name = last.name.startsWith(what) && now - last.at < BURST_MS ? last.name : `${what}${now}`;
  studio.view.setState({ burst: { name, at: now } });
  return name;
}

function allCollapsed(studio: Studio): boolean {
  const nodes = [...studio.view.getState().nodes];
  return nodes.length > 0 && nodes.every((id) => studio.documents.graph.nodes[id]?.collapsed === true);
}

function toggleCollapsed(studio: Studio): void {
  const nodes = [...studio.view.getState().nodes];
  studio.documents.run(setNodeField, { nodes, field: "collapsed", value: allCollapsed(studio) ? undefined : true });
}
