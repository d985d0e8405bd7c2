/** Which definitions a document uses, where, and what may not be put into what. */
import { subgraphOf, type Document, type Graph, type NodeId } from "../document/document";

type Subgraphs = Document["subgraphs"];

/** The definitions that the nodes of a graph are instances of, as deep as it goes. */
export function usedBy(graph: Pick<Graph, "nodes">, subgraphs: Subgraphs): Set<string> {
  const found = new Set<string>();
  const ahead = [graph];
  for (let next = ahead.pop(); next; next = ahead.pop()) {
    for (const { type } of Object.values(next.nodes)) {
      const id = subgraphOf(type);
      if (id === null || found.has(id)) continue;
      found.add(id);
      const definition = Object.hasOwn(subgraphs, id) ? subgraphs[id] : undefined;
      if (definition) ahead.push(definition);
    }
  }
  return found;
}

/** The definitions that a run of the document may use. */
export function usedDefinitions(document: Document): string[] {
  const used = usedBy(document, document.subgraphs);
  return Object.keys(document.subgraphs).filter((id) => used.has(id));
}

/** The definitions that nothing uses any more. */
export function unusedDefinitions(document: Document): string[] {
  const used = usedBy(document, document.subgraphs);
  return Object.keys(document.subgraphs).filter((id) => !used.has(id));
}

/** Whether a definition would contain itself with a node of that type inside. */
export function wouldContainItself(subgraphs: Subgraphs, definition: string, type: string): boolean {
  const put = subgraphOf(type);
  if (put === null || !definition) return false;
  return put === definition || usedBy(subgraphs[put] ?? { nodes: {} }, subgraphs).has(definition);
}

/** Where the instances of a definition are: the graph (`""` is the document's own) and the node. */
export function instancesOf(document: Document, definition: string): { readonly graph: string; readonly node: NodeId }[] {
  const graphs: [string, Graph][] = [["", document], ...Object.entries(document.subgraphs)];
  return graphs.flatMap(([graph, { nodes }]) =>
    Object.entries(nodes).flatMap(([node, { type }]) => (subgraphOf(type) === definition ? [{ graph, node }] : [])),
  );
}
