/** Choosing nodes by what they are and how they are wired. */
import { frameKey, noteKey } from "../../model/layout/boxes";
import type { Graph, NodeId } from "../../model/document/document";
import { inverted, sameType, withDownstream, withUpstream } from "../../model/selection/selecting";
import type { Studio } from "../../state/studio";
import { leaveSubgraph } from "../../state/subgraphs";
import { sayChosen } from "../../state/chosen";
import { select } from "../../state/view";
import type { AppCommand } from "./command";

export const SELECT: readonly AppCommand[] = [
  { id: "selectAll", label: "command.selectAll", menu: "edit", group: "select", on: ["canvas"], keys: ["Ctrl+A"], run: selectAll },
  { id: "selectNone", label: "select.none", menu: "edit", group: "select", keys: ["Escape"], run: selectNoneOrLeave },
  { id: "selectInverted", label: "select.inverted", menu: "edit", group: "select", on: ["canvas"], keys: ["Ctrl+I"], run: (studio) => chosen(studio, inverted(studio.documents.graph, studio.view.getState().nodes)) },
  { id: "selectType", label: "select.type", menu: "edit", group: "select", on: ["node"], keys: ["Shift+T"], enabled: hasNodes, run: (studio) => extend(studio, sameType) },
  { id: "selectUpstream", label: "select.upstream", menu: "edit", group: "select", on: ["node"], keys: ["Shift+U"], enabled: hasNodes, run: (studio) => extend(studio, withUpstream) },
  { id: "selectDownstream", label: "select.downstream", menu: "edit", group: "select", on: ["node"], keys: ["Shift+D"], enabled: hasNodes, run: (studio) => extend(studio, withDownstream) },
  { id: "lasso", label: "tool.lasso", menu: "edit", group: "select", keys: ["L"], run: (studio) => studio.view.setState({ tool: "lasso" }) },
];

export function hasNodes(studio: Studio): boolean {
  return studio.view.getState().nodes.size > 0;
}

/** With nothing selected there is only one thing left to leave: the subgraph that is open. */
function selectNoneOrLeave(studio: Studio): void {
  const { nodes, wires, scenery } = studio.view.getState();
  if (nodes.size + wires.size + scenery.size > 0) chosen(studio, []);
  else leaveSubgraph(studio);
}

function selectAll(studio: Studio): void {
  const { nodes, frames, notes } = studio.documents.graph;
  select(studio.view, Object.keys(nodes));
  studio.view.setState({ scenery: new Set([...Object.keys(frames).map(frameKey), ...Object.keys(notes).map(noteKey)]) });
  sayChosen(studio.view);
}

function extend(studio: Studio, by: (graph: Graph, ids: Iterable<NodeId>) => NodeId[]): void {
  chosen(studio, by(studio.documents.graph, studio.view.getState().nodes));
}

function chosen(studio: Studio, nodes: readonly NodeId[]): void {
  select(studio.view, nodes);
  sayChosen(studio.view);
}
