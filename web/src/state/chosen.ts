import { itemOf } from "../model/layout/boxes";
import type { Chosen } from "../model/clipboard/clipboard";
import type { Studio } from "./studio";

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
