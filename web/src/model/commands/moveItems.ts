import { itemOf, placeOf, type ItemKey } from "../layout/boxes";
import type { Graph, Point, Wire } from "../document/document";
import type { Command } from "../document/history";

/** Give nodes, frames and notes new places. Knots of wires between nodes that move alike go along. */
export const moveItems: Command<Readonly<Record<ItemKey, Point>>> = {
  name: "moveItems",
  change(draft, places) {
    const before = draft.graph;
    for (const [key, at] of Object.entries(places)) {
      const { kind, id } = itemOf(key);
      const old = placeOf(before, key);
      if (old && (old[0] !== at[0] || old[1] !== at[1])) draft.set([kind, id, "at"], at);
    }
    for (const [key, wire] of Object.entries(before.wires)) {
      const by = wire.knots && commonStep(before, places, wire);
      if (by && (by[0] || by[1])) draft.set(["wires", key, "knots"], wire.knots.map(([x, y]) => [x + by[0], y + by[1]]));
    }
  },
};

/** How far both ends of a wire move, if they move alike. */
function commonStep(graph: Graph, places: Readonly<Record<ItemKey, Point>>, { from, to }: Wire): Point | null {
  const [a, b] = [stepOf(graph, places, from[0]), stepOf(graph, places, to[0])];
  return a && b && a[0] === b[0] && a[1] === b[1] ? a : null;
}

function stepOf(graph: Graph, places: Readonly<Record<ItemKey, Point>>, node: string): Point | null {
  const old = graph.nodes[node]?.at;
  const at = Object.hasOwn(places, node) ? places[node] : undefined;
  return old && at ? [at[0] - old[0], at[1] - old[1]] : null;
}

export interface Tidying {
  readonly places: Readonly<Record<ItemKey, Point>>;
  /** Frames that are fitted again to what they carry. */
  readonly frames: Readonly<Record<string, { readonly at: Point; readonly size: Point }>>;
}

/** Lay things out anew in one step: wires between what was laid out lose their knots. */
export const tidy: Command<Tidying> = {
  name: "tidy",
  change(draft, { places, frames }) {
    for (const [key, wire] of Object.entries(draft.graph.wires))
      if (wire.knots && Object.hasOwn(places, wire.from[0]) && Object.hasOwn(places, wire.to[0])) draft.set(["wires", key, "knots"], undefined);
    moveItems.change(draft, places);
    for (const [id, { at, size }] of Object.entries(frames)) {
      if (!draft.graph.frames[id]) continue;
      draft.set(["frames", id, "at"], at);
      draft.set(["frames", id, "size"], size);
    }
  },
};
