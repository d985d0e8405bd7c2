/** What a person does with subgraphs: made, opened, taken apart, published, kept for other documents. */
import { t } from "../i18n/text";
import { freshDefinitionId, freshName, freshPortName, INPUTS, isBorder, NEW_PORT, OUTPUTS, renamedDefinition } from "../model/subgraphs/border";
import { inputOf, outputOf, type Catalog } from "../model/catalog/catalog";
import { grouped, titleOf, unpacked } from "../model/subgraphs/grouping";
import { connect, disconnect, groupNodes, makeUnique, publishPort, removeUnused, unpackInstance, type NewPort } from "../model/commands";
import { definitionAt, subgraphOf, type Graph, type NodeId, type PortRef, type Subgraph, type Wire } from "../model/document/document";
import { unusedDefinitions, wouldContainItself } from "../model/subgraphs/uses";
import { label } from "../ui/format";
import { chosenItems } from "./chosen";
import type { Desk } from "./desk";
import type { Studio } from "./studio";
import { select } from "./view";
import type { Workspace } from "./workspace";

/** The definition that is open on the canvas; `""` for the document's own graph. */
export function openDefinition({ documents }: Pick<Workspace, "documents">): string {
  return definitionAt(documents.document, documents.scope) ?? "";
}

/** The definition that a node of the open canvas is an instance of. */
export function definitionOf({ documents }: Workspace, node: NodeId | undefined): { id: string; definition: Subgraph } | null {
  const id = node === undefined ? null : subgraphOf(documents.graph.nodes[node]?.type ?? "");
  const definition = id === null ? undefined : documents.document.subgraphs[id];
  return id !== null && definition ? { id, definition } : null;
}

/** The one selected instance, if just one is. */
export function selectedInstance({ view, workspace }: Studio): NodeId | null {
  const [id, ...others] = view.getState().nodes;
  return id !== undefined && others.length === 0 && definitionOf(workspace, id) ? id : null;
}

/** The subgraph that the panel is about: that of the selected instance, else the one that is open. */
export function subgraphAtHand(studio: Studio): string | null {
  const instance = selectedInstance(studio);
  return definitionOf(studio.workspace, instance ?? undefined)?.id ?? (openDefinition(studio.workspace) || null);
}

/** Make a subgraph of what is selected. */
export function makeSubgraph(studio: Studio): void {
  const { documents, types } = studio.workspace;
  if (!types) return;
  const taken = new Set(Object.values(documents.document.subgraphs).map(({ name }) => name));
  const name = freshName(t("subgraph.untitled"), (wanted) => taken.has(wanted));
  const made = grouped(documents.document, documents.graph, types, chosenItems(studio), name);
  if (!made) return studio.notify(t("subgraph.nothing"));
  documents.run(groupNodes, made);
  select(studio.view, [made.instance]);
}

/** Put the nodes of the selected instances in their place, each one a step. */
export function unpackSelected(studio: Studio): void {
  const { documents } = studio;
  const ids = [...studio.view.getState().nodes].filter((id) => definitionOf(studio.workspace, id));
  const gesture = `unpack:${performance.now()}`;
  const nodes = ids.flatMap((id) => {
    const made = unpacked(documents.document, documents.graph, id);
    if (made) documents.run(unpackInstance, made, gesture);
    return Object.keys(made?.nodes ?? {});
  });
  if (nodes.length) select(studio.view, nodes);
}

/** Go into an instance that is on the canvas. */
export function openInstance(workspace: Workspace, node: NodeId): boolean {
  const { documents } = workspace;
  if (!definitionOf(workspace, node)) return false;
  documents.enter([...documents.scope, node]);
  return true;
}

/** Go up to where the open subgraph is an instance, and select it there. */
export function leaveSubgraph({ documents, view }: Studio): boolean {
  const { scope } = documents;
  const instance = scope.at(-1);
  if (instance === undefined) return false;
  documents.enter(scope.slice(0, -1));
  select(view, [instance]);
  return true;
}

/** Give the selected instance a definition of its own. */
export function makeSelectedUnique(studio: Studio): void {
  const { documents, workspace } = studio;
  const node = selectedInstance(studio);
  const found = definitionOf(workspace, node ?? undefined);
  if (node === null || !found) return;
  const { subgraphs } = documents.document;
  const taken = new Set(Object.values(subgraphs).map(({ name }) => name));
  const name = freshName(t("subgraph.copy", { name: found.definition.name }), (wanted) => taken.has(wanted));
  const id = freshDefinitionId(subgraphs, name);
  documents.run(makeUnique, { node, id, definition: { ...renamedDefinition(found.definition, id), name } });
}

/** Delete the definitions that nothing uses. */
export function cleanUp(studio: Studio): void {
  const count = unusedDefinitions(studio.documents.document).length;
  studio.documents.run(removeUnused, null);
  studio.notify(t("subgraph.cleaned", { count }));
}

/** Whether a node of a type may be put on the open canvas; if not, the person is told why. */
export function mayContain(studio: Desk, type: string): boolean {
  const { document } = studio.documents;
  if (!wouldContainItself(document.subgraphs, openDefinition(studio.workspace), type)) return true;
  studio.notify(t("subgraph.recursion", { name: document.subgraphs[subgraphOf(type) ?? ""]?.name ?? "" }));
  return false;
}

/** Whether a wire ends at the place on the border where new ports are made. */
function makesPort({ from, to }: Wire): boolean {
  return (from[0] === INPUTS && from[1] === NEW_PORT) || (to[0] === OUTPUTS && to[1] === NEW_PORT);
}

/** Wire two ports; at the free place of the border that makes a new port. */
export function joinPorts(workspace: Workspace, wire: Wire, instead?: string): void {
  const { documents } = workspace;
  if (!makesPort(wire)) return instead === undefined ? documents.run(connect, wire) : documents.run(disconnect, { wires: [instead], instead: wire });
  const gesture = `join:${performance.now()}`;
  if (instead !== undefined) documents.run(disconnect, { wires: [instead] }, gesture);
  const entering = wire.from[0] === INPUTS;
  publish(workspace, entering ? "inputs" : "outputs", entering ? wire.to : wire.from, gesture);
}

/** Make an input or output of the open subgraph a port of its instances. */
export function publish(workspace: Workspace, side: NewPort["side"], end: PortRef, gesture?: string): void {
  const { documents, types } = workspace;
  const definition = openDefinition(workspace);
  if (!definition || !types || isBorder(end[0])) return;
  const known = documents.document.subgraphs[definition]?.[side] ?? [];
  const port = describe(documents.graph, types, side, end);
  const alike = known.some(({ name }) => name === port.name);
  const name = freshPortName(known, alike ? `${titleOf(documents.graph, types, end[0])} ${port.name}` : port.name);
  documents.run(publishPort, { definition, side, port: { ...port, name }, end }, gesture);
}

function describe(graph: Graph, types: Catalog, side: NewPort["side"], [node, port]: PortRef): NewPort["port"] {
  const spec = types.spec(graph.nodes[node]?.type ?? "");
  const known: { readonly name: string; readonly type: string; readonly label?: string } | undefined =
    side === "inputs" ? inputOf(spec, port) : outputOf(spec, port);
  return { name: known?.label ?? label(port), type: known?.type ?? "*" };
}
