import { wireKey, type Wire } from "../document";
import type { Command } from "../history";

/** Wire an output to an input; the input's earlier wire goes. `refusal` says beforehand if it may. */
export const connect: Command<Wire> = {
  name: "connect",
  change(draft, wire) {
    const { nodes, wires } = draft.graph;
    if (!nodes[wire.from[0]] || !nodes[wire.to[0]]) return;
    const there = wires[wireKey(wire.to)];
    if (there && there.from.join("\n") === wire.from.join("\n")) return;
    draft.set(["wires", wireKey(wire.to)], wire);
  },
};

/** Take wires away, by key; with `instead`, wire that in the same step. */
export const disconnect: Command<{ wires: readonly string[]; instead?: Wire }> = {
  name: "disconnect",
  change(draft, { wires, instead }) {
    for (const key of wires) draft.set(["wires", key], undefined);
    if (instead) connect.change(draft, instead);
  },
};
