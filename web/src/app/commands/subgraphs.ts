/** Subgraphs: parts of a workflow with ports of their own. */
import { resetInstances } from "../../model/commands";
import { subgraphOf } from "../../model/document";
import { unusedDefinitions } from "../../model/uses";
import { saveToLibrary } from "../../state/library";
import {
  cleanUp,
  leaveSubgraph,
  makeSelectedUnique,
  makeSubgraph,
  openInstance,
  publish,
  selectedInstance,
  subgraphAtHand,
  unpackSelected,
} from "../../state/subgraphs";
import type { Studio } from "../../state/studio";
import type { AppCommand } from "./command";

export const SUBGRAPHS: readonly AppCommand[] = [
  { id: "makeSubgraph", label: "subgraph.make", menu: "arrange", group: "subgraph", on: ["node"], keys: ["Ctrl+Shift+G"], enabled: (studio) => studio.view.getState().nodes.size > 0, run: makeSubgraph },
  { id: "openSubgraph", label: "subgraph.open", menu: "arrange", group: "subgraph", on: ["node"], keys: ["Shift+Enter"], onCanvas: true, enabled: hasInstance, run: openSelected },
  { id: "leaveSubgraph", label: "subgraph.leave", menu: "arrange", group: "subgraph", on: ["canvas"], keys: ["U"], enabled: (studio) => studio.documents.scope.length > 0, run: (studio) => void leaveSubgraph(studio) },
  { id: "unpackSubgraph", label: "subgraph.unpack", menu: "arrange", group: "subgraph", on: ["node"], keys: ["Ctrl+Shift+U"], enabled: hasInstances, run: unpackSelected },
  { id: "uniqueSubgraph", label: "subgraph.unique", menu: "arrange", group: "subgraph", on: ["node"], keys: [], enabled: hasInstance, run: makeSelectedUnique },
  { id: "resetInstance", label: "subgraph.reset", menu: "arrange", group: "subgraph", on: ["node"], keys: [], enabled: hasOverrides, run: (studio) => studio.documents.run(resetInstances, [...studio.view.getState().nodes]) },
  { id: "publishField", label: "subgraph.publishField", menu: "arrange", group: "subgraph", on: ["node"], keys: [], enabled: (studio) => studio.documents.scope.length > 0 && studio.view.getState().field !== null, run: publishField },
  { id: "keepSubgraph", label: "subgraph.keep", menu: "arrange", group: "subgraph", on: ["node"], keys: [], enabled: (studio) => subgraphAtHand(studio) !== null, run: (studio) => void saveToLibrary(studio, subgraphAtHand(studio) ?? "") },
  { id: "cleanSubgraphs", label: "subgraph.clean", menu: "arrange", group: "subgraph", keys: [], enabled: (studio) => unusedDefinitions(studio.documents.document).length > 0, run: cleanUp },
];

function hasInstance(studio: Studio): boolean {
  return selectedInstance(studio) !== null;
}

function hasInstances({ view, documents }: Studio): boolean {
  return [...view.getState().nodes].some((id) => subgraphOf(documents.graph.nodes[id]?.type ?? "") !== null);
}

function hasOverrides({ view, documents }: Studio): boolean {
  return [...view.getState().nodes].some((id) => {
    const node = documents.graph.nodes[id];
    return node && subgraphOf(node.type) !== null && (Object.keys(node.values).length > 0 || node.controls !== undefined);
  });
}

function openSelected(studio: Studio): void {
  const instance = selectedInstance(studio);
  if (instance !== null) openInstance(studio.workspace, instance);
}

function publishField(studio: Studio): void {
  const { field } = studio.view.getState();
  if (field) publish(studio.workspace, "inputs", field);
}
