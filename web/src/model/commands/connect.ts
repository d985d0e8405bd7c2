import { INPUTS, OUTPUTS } from "../subgraphs/border";
import { wireKey, type Graph, type Subgraph, type SubgraphPort, type Wire } from "../document/document";
import type { Command } from "../document/history";

/** Wire an output to an input; the input's earlier wire goes. `refusal` says beforehand if it may. */
export const connect: Command<Wire> = {
  name: "connect",
  change(draft, wire) {
    const { nodes, wires } = draft.graph;
    if (!Object.hasOwn(nodes, wire.from[0]) || !Object.hasOwn(nodes, wire.to[0]) || isNoPlace(draft.graph, wire)) return;
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

/** At the border, new ports are made by `publishPort`, and nothing goes straight through. */
export function isNoPlace(graph: Graph & Partial<Subgraph>, { from, to }: Wire): boolean {
  const enters = from[0] === INPUTS;
  const leaves = to[0] === OUTPUTS;
  return (enters && leaves) || from[0] === OUTPUTS || to[0] === INPUTS || (enters && !hasPort(graph.inputs, from[1])) || (leaves && !hasPort(graph.outputs, to[1]));
}

function hasPort(ports: readonly SubgraphPort[] = [], name: string): boolean {
  return ports.some(({ id }) => id === name);
}
