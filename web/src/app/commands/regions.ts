/** From one part of the page to the next by keyboard. */
import type { Studio } from "../../state/studio";
import type { AppCommand } from "./command";

/** The parts in the order of reading, and what in each takes the keyboard first. */
const REGIONS: readonly { readonly part: string; readonly first: string }[] = [
  { part: "header", first: '[role="tab"][aria-selected="true"]' },
  { part: "nav", first: "input" },
  { part: "main", first: '.react-flow__node.selected, [data-canvas]' },
  { part: "aside", first: "button, [tabindex='0']" },
];

export const REGION_COMMANDS: readonly AppCommand[] = [
  { id: "region.next", label: "region.next", menu: "view", group: "regions", keys: ["F6"], inFields: true, run: (studio) => step(studio, 1) },
  { id: "region.previous", label: "region.previous", menu: "view", group: "regions", keys: ["Shift+F6"], inFields: true, run: (studio) => step(studio, -1) },
  { id: "region.canvas", label: "region.canvas", menu: "view", group: "regions", keys: ["Alt+0"], inFields: true, run: (studio) => enter(studio, "main") },
];

/** To the next part that can be seen. */
function step(studio: Studio, by: 1 | -1): void {
  const seen = REGIONS.filter(({ part }) => document.querySelector(`#root ${part}`)?.checkVisibility({ visibilityProperty: true }));
  const here = seen.findIndex(({ part }) => document.activeElement?.closest(part));
  const next = seen.at((here + by + (here < 0 && by < 0 ? 1 : 0)) % seen.length);
  if (next) enter(studio, next.part);
}

/** Give a part the keyboard; the canvas gives it to what is selected. */
export function enter(studio: Studio, wanted: string): void {
  const region = REGIONS.find(({ part }) => part === wanted);
  if (!region) return;
  const { nodes, canvas } = studio.view.getState();
  const node = [...nodes].at(-1);
  if (wanted === "main" && node !== undefined && canvas) canvas.focus(node);
  else document.querySelector<HTMLElement>(`#root ${region.part} :is(${region.first})`)?.focus();
}
