import { wireKey, type NodeId, type Point, type PortRef, type Wire, type WorkflowNode } from "../document/document";
import type { Command } from "../document/history";
import { wiresThrough, type Passage } from "../wires/inserting";
import { connect, isNoPlace } from "./connect";

/** Give a wire the points that it passes through; none takes them all away. */
export const setKnots: Command<{ readonly wire: string; readonly knots: readonly Point[] }> = {
  name: "setKnots",
  change(draft, { wire, knots }) {
    if (draft.graph.wires[wire]) draft.set(["wires", wire, "knots"], knots.length ? knots : undefined);
  },
};

export interface Insertion {
  readonly wire: string;
  readonly id: NodeId;
  /** The node, if it is not on the canvas yet. */
  readonly node?: WorkflowNode;
  /** Where one that is there already was dropped. */
  readonly at?: Point;
  readonly passage: Passage;
}

/** Put a node into a wire: what ran past it runs through it. */
export const insertIntoWire: Command<Insertion> = {
  name: "insertIntoWire",
  change(draft, { wire: key, id, node, at, passage }) {
    const wire = draft.graph.wires[key];
    if (node && draft.graph.nodes[id]) throw new Error(`There is a node ${id} already.`);
    if (node) draft.set(["nodes", id], node);
    if (!draft.graph.nodes[id]) return;
    if (at) draft.set(["nodes", id, "at"], at);
    if (!wire) return;
    for (const part of wiresThrough(wire, id, passage)) connect.change(draft, part);
  },
};

/** Let two inputs change their wires; an input that has none gives none. */
export const swapInputs: Command<{ readonly first: PortRef; readonly second: PortRef }> = {
  name: "swapInputs",
  change(draft, { first, second }) {
    const [a, b] = [draft.graph.wires[wireKey(first)], draft.graph.wires[wireKey(second)]];
    const crossed = [b && { from: b.from, to: first }, a && { from: a.from, to: second }];
    if (crossed.some((wire) => wire && isNoPlace(draft.graph, wire))) return;
    place(b, first);
    place(a, second);

    function place(wire: Wire | undefined, to: PortRef): void {
      draft.set(["wires", wireKey(to)], wire && { from: wire.from, to });
    }
  },
};
