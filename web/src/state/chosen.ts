import { itemOf } from "../model/layout/boxes";
import type { Chosen } from "../model/clipboard/clipboard";
import { t } from "../i18n/text";
import type { Studio } from "./studio";
import { say, type ViewStore } from "./view";

/** What is selected on the canvas. */
export function chosenItems({ view }: Studio): Required<Chosen> {
  const { nodes, scenery } = view.getState();
  const items = [...scenery].map(itemOf);
  return {
    nodes,
    frames: items.flatMap(({ kind, id }) => (kind === "frames" ? [id] : [])),
    notes: items.flatMap(({ kind, id }) => (kind === "notes" ? [id] : [])),
  };
}

/** Let a screen reader say how much is selected. */
export function sayChosen(view: ViewStore): void {
  const { nodes, scenery } = view.getState();
  say(view, t(scenery.size ? "select.items" : "select.count", { count: nodes.size + scenery.size }));
}
