import { freshPortId, INPUTS, isBorder, OUTPUTS } from "../subgraphs/border";
import { instanceType, subgraphOf, wireKey, type Frame, type NodeId, type Note, type PortRef, type Subgraph, type SubgraphPort, type Wire, type WorkflowNode } from "../document/document";
import type { Command } from "../document/history";
import type { Draft } from "../document/patch";
import { instancesOf, unusedDefinitions } from "../subgraphs/uses";
import { paste } from "./paste";
import { removeItems, type Removed } from "./removeItems";

/** A definition, an instance of it, and what the instance takes the place of. */
export interface Grouped {
  readonly removed: Removed;
  readonly id: string;
  readonly definition: Subgraph;
  readonly instance: NodeId;
  readonly node: WorkflowNode;
  /** Those of the instance. */
  readonly wires: readonly Wire[];
}

/** Put nodes into a subgraph of their own; an instance of it takes their place. */
export const groupNodes: Command<Grouped> = {
  name: "groupNodes",
  change(draft, { removed, id, definition, instance, node, wires }) {
    if (Object.hasOwn(draft.document.subgraphs, id)) throw new Error(`There is a subgraph ${id} already.`);
    removeItems.change(draft, removed);
    draft.setInDocument(["subgraphs", id], definition);
    paste.change(draft, { nodes: { [instance]: node }, wires });
  },
};

export interface Unpacked {
  readonly instance: NodeId;
  readonly nodes: Readonly<Record<NodeId, WorkflowNode>>;
  readonly wires: readonly Wire[];
  readonly frames: Readonly<Record<string, Frame>>;
  readonly notes: Readonly<Record<string, Note>>;
}

/** Put the nodes of an instance in its place. */
export const unpackInstance: Command<Unpacked> = {
  name: "unpackInstance",
  change(draft, { instance, ...content }) {
    removeItems.change(draft, { nodes: [instance] });
    paste.change(draft, content);
  },
};

/** Give one instance a definition of its own. */
export const makeUnique: Command<{ readonly node: NodeId; readonly id: string; readonly definition: Subgraph }> = {
  name: "makeUnique",
  change(draft, { node, id, definition }) {
    if (!draft.graph.nodes[node] || Object.hasOwn(draft.document.subgraphs, id)) return;
    draft.setInDocument(["subgraphs", id], definition);
    draft.set(["nodes", node, "type"], instanceType(id));
  },
};

/** Take the definitions away that nothing uses. */
export const removeUnused: Command<null> = {
  name: "removeUnused",
  change(draft) {
    for (const id of unusedDefinitions(draft.document)) draft.setInDocument(["subgraphs", id], undefined);
  },
};

/** Give a definition another name; its instances are called by it, unless they have titles. */
export const renameSubgraph: Command<{ readonly definition: string; readonly name: string }> = {
  name: "renameSubgraph",
  change(draft, { definition, name }) {
    if (Object.hasOwn(draft.document.subgraphs, definition)) draft.setInDocument(["subgraphs", definition, "name"], name);
  },
};

export type PortSide = "inputs" | "outputs";

export interface NewPort {
  readonly definition: string;
  readonly side: PortSide;
  readonly port: Omit<SubgraphPort, "id">;
  /** The input inside that it feeds, or the output that it hands out. */
  readonly end: PortRef;
}

/** Make an input or output inside a port of all instances. */
export const publishPort: Command<NewPort> = {
  name: "publishPort",
  change(draft, { definition, side, port, end }) {
    const subgraph = definitionOf(draft, definition);
    if (!subgraph || !Object.hasOwn(subgraph.nodes, end[0]) || isBorder(end[0])) return;
    const id = freshPortId(subgraph[side], port.name);
    draft.setInDocument(["subgraphs", definition, side], [...subgraph[side], { id, ...port }]);
    const wire: Wire = side === "inputs" ? { from: [INPUTS, id], to: end } : { from: end, to: [OUTPUTS, id] };
    draft.setInDocument(["subgraphs", definition, "wires", wireKey(wire.to)], wire);
  },
};

interface PortRefIn {
  readonly definition: string;
  readonly side: PortSide;
  readonly port: string;
}

/** Take a port away, with what the instances had at it: wires, values, controls. */
export const removePort: Command<PortRefIn> = {
  name: "removePort",
  change(draft, { definition, side, port }) {
    const subgraph = definitionOf(draft, definition);
    if (!subgraph?.[side].some(({ id }) => id === port)) return;
    const left = subgraph[side].filter(({ id }) => id !== port);
    draft.setInDocument(["subgraphs", definition, side], left);
    const [node, end] = side === "inputs" ? ([INPUTS, "from"] as const) : ([OUTPUTS, "to"] as const);
    for (const [key, wire] of Object.entries(subgraph.wires))
      if (wire[end][0] === node && wire[end][1] === port) draft.setInDocument(["subgraphs", definition, "wires", key], undefined);
    for (const place of instancesOf(draft.document, definition)) forget(draft, place, side, port);
  },
};

function forget(draft: Draft, { graph, node }: { graph: string; node: NodeId }, side: PortSide, port: string): void {
  const path = graph ? ["subgraphs", graph] : [];
  const { nodes, wires } = (graph ? draft.document.subgraphs[graph] : draft.document) ?? draft.document;
  const end = side === "inputs" ? "to" : "from";
  for (const [key, wire] of Object.entries(wires))
    if (wire[end][0] === node && wire[end][1] === port) draft.setInDocument([...path, "wires", key], undefined);
  const instance = nodes[node];
  if (side === "outputs" || !instance) return;
  for (const field of ["values", "controls"] as const)
    if (Object.hasOwn(instance[field] ?? {}, port)) draft.setInDocument([...path, "nodes", node, field, port], undefined);
  if (instance.ports?.includes(port))
    draft.setInDocument([...path, "nodes", node, "ports"], instance.ports.filter((name) => name !== port));
}

/** Call a port otherwise; its id stays, and with it all wires and values. */
export const renamePort: Command<PortRefIn & { readonly name: string }> = {
  name: "renamePort",
  change(draft, { definition, side, port, name }) {
    const subgraph = definitionOf(draft, definition);
    if (!subgraph?.[side].some((known) => known.id === port && known.name !== name)) return;
    const ports = subgraph[side].map((known) => (known.id === port ? { ...known, name } : known));
    draft.setInDocument(["subgraphs", definition, side], ports);
  },
};

/** Put a port further up (-1) or down (1). */
export const movePort: Command<PortRefIn & { readonly by: -1 | 1 }> = {
  name: "movePort",
  change(draft, { definition, side, port, by }) {
    const ports = definitionOf(draft, definition)?.[side] ?? [];
    const index = ports.findIndex(({ id }) => id === port);
    const [here, there] = [ports[index], ports[index + by]];
    if (!here || !there) return;
    draft.setInDocument(["subgraphs", definition, side], ports.with(index, there).with(index + by, here));
  },
};

/** Let instances say nothing of their own (any more): all is as in their definition. */
export const resetInstances: Command<readonly NodeId[]> = {
  name: "resetInstances",
  change(draft, ids) {
    for (const id of ids) {
      const node = draft.graph.nodes[id];
      if (!node || subgraphOf(node.type) === null) continue;
      if (Object.keys(node.values).length) draft.set(["nodes", id, "values"], {});
      if (node.controls) draft.set(["nodes", id, "controls"], undefined);
    }
  },
};

function definitionOf(draft: Draft, id: string): Subgraph | undefined {
  return Object.hasOwn(draft.document.subgraphs, id) ? draft.document.subgraphs[id] : undefined;
}
