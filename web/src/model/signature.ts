/**
 * A short text per node that changes when its result would: type, values, and what it is wired to.
 *
 * The server's recipe keys are the truth; these only let the page say "stale" before a run.
 */
import type { Catalog } from "./catalog";
import { upstream } from "./connect";
import { wireKey, subgraphOf, type Document, type Graph, type NodeId } from "./document";
import { toJson } from "./json";

/** By node, as it is called when it runs. */
export type Signatures = Readonly<Record<string, string>>;

export function signatures(document: Document): Signatures {
  const wiresInto = Map.groupBy(Object.values(document.wires), (wire) => wire.to[0]);
  const made: Record<NodeId, string> = {};
  for (const id of inOrder(document)) {
    const node = document.nodes[id];
    if (!node) continue;
    const wired = (wiresInto.get(id) ?? [])
      .map((wire) => `${wire.to[1]}=${wire.from[1]}@${made[wire.from[0]] ?? ""}`)
      .toSorted();
    const covered = new Set((wiresInto.get(id) ?? []).map((wire) => wire.to[1]));
    const values = Object.entries(node.values)
      .filter(([name]) => !covered.has(name))
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
    // What is inside an instance counts too, as deep as it goes.
    const inside = subgraphOf(node.type) === null ? "" : document.subgraphs;
    made[id] = hash(toJson([node.type, node.mode ?? "", values, wired, inside]));
  }
  return made;
}

/** The nodes that a run needs: the sinks and all above them. */
export function neededNodes(graph: Graph, catalog: Catalog): Set<NodeId> {
  const sinks = Object.entries(graph.nodes)
    .filter(([, node]) => node.mode !== "mute" && catalog.spec(node.type)?.sink)
    .map(([id]) => id);
  return upstream(graph, sinks);
}

/** Nodes that get a new seed with every run, so that their results are never there. */
export function seedsDrawn(graph: Graph): NodeId[] {
  return Object.entries(graph.nodes)
    .filter(([id, { controls }]) =>
      Object.entries(controls ?? {}).some(
        ([port, control]) => control !== "fixed" && !(wireKey([id, port]) in graph.wires),
      ),
    )
    .map(([id]) => id);
}

/** These nodes and all that need them. */
export function nodesBelow(graph: Graph, from: Iterable<NodeId>): Set<NodeId> {
  const users = Map.groupBy(Object.values(graph.wires), (wire) => wire.from[0]);
  const found = new Set<NodeId>();
  const ahead = [...from];
  for (let node = ahead.pop(); node !== undefined; node = ahead.pop()) {
    if (found.has(node)) continue;
    found.add(node);
    for (const wire of users.get(node) ?? []) ahead.push(wire.to[0]);
  }
  return found;
}

/** Nodes with what they need before them; a cycle's nodes come in any order. */
function inOrder(graph: Graph): NodeId[] {
  const sources = Map.groupBy(Object.values(graph.wires), (wire) => wire.to[0]);
  const order: NodeId[] = [];
  const seen = new Set<NodeId>();
  const stack = Object.keys(graph.nodes).map((id) => ({ id, entered: false }));
  for (let top = stack.pop(); top; top = stack.pop()) {
    if (top.entered) order.push(top.id);
    else if (!seen.has(top.id)) {
      seen.add(top.id);
      stack.push({ id: top.id, entered: true });
      for (const wire of sources.get(top.id) ?? []) stack.push({ id: wire.from[0], entered: false });
    }
  }
  return order;
}

/** cyrb53: 53 bits are plenty to tell the states of one document apart. */
function hash(text: string): string {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return ((b & 0x1fffff) * 0x100000000 + (a >>> 0)).toString(36);
}
