/** Subgraphs: parts of a workflow with ports of their own. */
import { fedBy, INPUTS } from "../../model/subgraphs/border";
import { disconnect, removePort, resetInstances } from "../../model/commands";
import { subgraphOf, wireKey, type PortRef } from "../../model/document/document";
import { unusedDefinitions } from "../../model/subgraphs/uses";
import { saveToLibrary } from "../../state/library";
import {
  cleanUp,
  leaveSubgraph,
  makeSelectedUnique,
  makeSubgraph,
  openDefinition,
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
  { id: "publishField", label: "subgraph.publishField", menu: "arrange", group: "subgraph", on: ["node"], keys: [], enabled: (studio) => fieldInside(studio) !== null, checked: isPublished, run: togglePublished },
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

/** The field inside a subgraph that was pointed at, if it takes its value from nowhere else. */
function fieldInside({ documents, view }: Studio): PortRef | null {
  const { field } = view.getState();
  if (!field || documents.scope.length === 0 || !documents.graph.nodes[field[0]]) return null;
  const wire = documents.graph.wires[wireKey(field)];
  return !wire || wire.from[0] === INPUTS ? field : null;
}

function isPublished(studio: Studio): boolean {
  const field = fieldInside(studio);
  return field !== null && wireKey(field) in studio.documents.graph.wires;
}

/** A port that feeds nothing else goes with its field; one that does stays. */
function togglePublished(studio: Studio): void {
  const { documents, workspace } = studio;
  const field = fieldInside(studio);
  if (!field) return;
  const port = documents.graph.wires[wireKey(field)]?.from[1];
  if (port === undefined) publish(workspace, "inputs", field);
  else if (fedBy(documents.graph, port).length > 1) documents.run(disconnect, { wires: [wireKey(field)] });
  else documents.run(removePort, { definition: openDefinition(workspace), side: "inputs", port });
}
