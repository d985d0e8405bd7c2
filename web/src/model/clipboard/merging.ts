/** Definitions from elsewhere in a document that may have the same ones, or others with their ids. */
import { freshDefinitionId, freshName, renamedDefinition } from "../subgraphs/border";
import { canonical } from "../format/canonical";
import { instanceType, subgraphOf, type Document, type Graph, type Subgraph } from "../document/document";
import { subgraphToJson } from "../format/format";

type Subgraphs = Document["subgraphs"];

export interface Merged {
  /** Definitions that the document does not have, under ids that are free. */
  readonly added: Subgraphs;
  /** What each definition is called here. */
  readonly ids: ReadonlyMap<string, string>;
}

/** Bring definitions into a document: one with the same content is used, one that differs is renamed. */
export function merged(there: Subgraphs, incoming: Subgraphs): Merged {
  const ids = new Map<string, string>();
  const added: Record<string, Subgraph> = {};
  const known = new Map(Object.entries(there).map(([id, definition]) => [contentOf(definition), id]));
  for (const id of innerFirst(incoming)) {
    const definition = incoming[id];
    if (!definition) continue;
    const here = retyped(definition, ids);
    const same = Object.hasOwn(there, id) && contentOf(there[id] ?? here) === contentOf(here) ? id : known.get(contentOf(here));
    const all = { ...there, ...added };
    const mine = same ?? (Object.hasOwn(all, id) ? freshDefinitionId(all, definition.name || id) : id);
    ids.set(id, mine);
    if (same !== undefined) continue;
    const taken = new Set(Object.values(all).map(({ name }) => name));
    const name = mine === id ? here.name : freshName(here.name, (wanted) => taken.has(wanted));
    added[mine] = renamedDefinition({ ...here, name }, mine);
    known.set(contentOf(here), mine);
  }
  return { added, ids };
}

/** Nodes with instances of what their definitions are called here. */
export function retypedNodes(nodes: Graph["nodes"], ids: ReadonlyMap<string, string>): Graph["nodes"] {
  return Object.fromEntries(
    Object.entries(nodes).map(([id, node]) => {
      const subgraph = subgraphOf(node.type);
      const mine = subgraph === null ? undefined : ids.get(subgraph);
      return [id, mine === undefined || mine === subgraph ? node : { ...node, type: instanceType(mine) }];
    }),
  );
}

function retyped(definition: Subgraph, ids: ReadonlyMap<string, string>): Subgraph {
  return { ...definition, nodes: retypedNodes(definition.nodes, ids) };
}

/** A number behind the name may be from an earlier merge: what was renamed then is found again. */
function contentOf(definition: Subgraph): string {
  return canonical(subgraphToJson({ ...definition, name: definition.name.replace(/ \d+$/, "") }));
}

/** Definitions after those that they contain; one that contains itself comes in any order. */
function innerFirst(subgraphs: Subgraphs): string[] {
  const order: string[] = [];
  const seen = new Set<string>();
  const stack = Object.keys(subgraphs).map((id) => ({ id, entered: false }));
  for (let top = stack.pop(); top; top = stack.pop()) {
    if (top.entered) order.push(top.id);
    else if (!seen.has(top.id)) {
      seen.add(top.id);
      stack.push({ id: top.id, entered: true });
      for (const { type } of Object.values(subgraphs[top.id]?.nodes ?? {})) {
        const inner = subgraphOf(type);
        if (inner !== null && Object.hasOwn(subgraphs, inner)) stack.push({ id: inner, entered: false });
      }
    }
  }
  return order;
}
