import { wireKey, type NodeId } from "../document/document";
import type { Command } from "../document/history";

export interface PortShown {
  readonly node: NodeId;
  readonly port: string;
  readonly shown: boolean;
}

/**
 * Show a widget as a port, or a port as the widget again. Its value stays while it is a port; when
 * it is a widget again, that value counts and its wire goes.
 */
export const showPort: Command<PortShown> = {
  name: "showPort",
  change(draft, { node, port, shown }) {
    const there = draft.graph.nodes[node];
    if (!there) return;
    const others = (there.ports ?? []).filter((name) => name !== port);
    const ports = shown ? [...others, port] : others;
    if (shown !== there.ports?.includes(port)) draft.set(["nodes", node, "ports"], ports.length ? ports : undefined);
    if (!shown) draft.set(["wires", wireKey([node, port])], undefined);
  },
};
