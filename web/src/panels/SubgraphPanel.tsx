import { lazy, Suspense } from "react";
import { definitionAt, subgraphOf } from "../model/document/document";
import { isBorder } from "../model/subgraphs/border";
import { useDocument, useDocumentState, useGraph, useView } from "../state/context";

const SubgraphPorts = lazy(async () => ({ default: (await import("./subgraph/SubgraphPorts")).SubgraphPorts }));

/** The subgraph that is open, or whose instance is selected. */
export function SubgraphPanel() {
  const { scope } = useDocumentState((state) => ({ scope: state.scope }));
  const open = useDocument((document) => definitionAt(document, scope) ?? "");
  const selected = useView(({ nodes }) => (nodes.size === 1 ? [...nodes][0] : undefined));
  const type = useGraph((graph) => (selected === undefined ? "" : (graph.nodes[selected]?.type ?? "")));
  const definition = subgraphOf(type) ?? open;
  const name = useDocument(({ subgraphs }) => (Object.hasOwn(subgraphs, definition) ? (subgraphs[definition]?.name ?? null) : null));
  if (!definition || name === null) return null;
  const inside = definition === open;
  const publishable = inside && selected !== undefined && !isBorder(selected) ? selected : undefined;
  return (
    <Suspense>
      <SubgraphPorts definition={definition} name={name} publishable={publishable} hinted={inside && selected === undefined} />
    </Suspense>
  );
}
