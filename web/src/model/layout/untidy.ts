/** What the layout needs to know of a graph, as plain data for a worker. */
import { around, nodeBoxes, type Box, type Looks } from "./boxes";
import type { Catalog } from "../catalog/catalog";
import { Ports } from "../wires/courses";
import type { Graph, NodeId } from "../document/document";
import { carriedBy } from "./frames";
import type { Untidy, UntidyWire } from "./tidy";

/** Some nodes of a graph, all if none are named; `null` if there is nothing to lay out. */
export function untidyOf(graph: Graph, catalog: Catalog, looks?: Looks, ids?: Iterable<NodeId>): Untidy | null {
  const boxes = nodeBoxes(graph, catalog, looks, ids);
  const all = around(boxes.values());
  if (!all || boxes.size < 2) return null;
  const ports = new Ports(graph, catalog, looks);
  const inOrder = [...boxes].toSorted(([, a], [, b]) => a.top - b.top || a.left - b.left);
  return {
    sizes: inOrder.map(([id, box]) => [id, [box.right - box.left, box.bottom - box.top]]),
    wires: Object.values(graph.wires).flatMap(({ from, to }): UntidyWire[] => {
      const [source, target] = [boxes.get(from[0]), boxes.get(to[0])];
      const [out, into] = [ports.output(from), ports.input(to)];
      return source && target && out && into ? [{ from: from[0], out: out[1] - source.top, to: to[0], in: into[1] - target.top }] : [];
    }),
    groups: groupsOf(graph, boxes),
    corner: [all.left, all.top],
  };
}

/** The nodes of each frame; those that several frames carry stay with the smallest. */
function groupsOf(graph: Graph, boxes: ReadonlyMap<NodeId, Box>): NodeId[][] {
  const inOrder = Object.entries(graph.frames).toSorted(([, a], [, b]) => a.size[0] * a.size[1] - b.size[0] * b.size[1]);
  const taken = new Set<NodeId>();
  return inOrder.flatMap(([id]) => {
    const members = carriedBy(graph, id, boxes).filter((node) => !taken.has(node));
    for (const node of members) taken.add(node);
    return members.length > 1 ? [members] : [];
  });
}
