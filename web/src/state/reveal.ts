/** Leading a person to a node: its tab, its canvas, its place. */
import { placeOf, type Problem } from "../model/runs/problems";
import { ownerOf } from "../runtime/expansions";
import type { Studio } from "./studio";
import { select } from "./view";

/** Show a node of a document by its name in runs, `12/3` for node 3 inside instance 12. */
export function reveal(studio: Studio, document: string | null, node: string): void {
  const workspace = studio.workspaces.getState().open.find(({ id }) => id === (document ?? studio.workspace.id));
  if (!workspace) return;
  if (workspace !== studio.workspace) studio.tabs.activate(workspace);
  const path = node.split("/");
  const name = path.pop() ?? "";
  workspace.documents.enter(path);
  const { nodes } = workspace.documents.graph;
  const id = ownerOf(name, nodes);
  if (!nodes[id]) return;
  select(workspace.view, [id]);
  // A canvas that was just opened has its nodes with the next paint.
  requestAnimationFrame(() => requestAnimationFrame(() => workspace.view.getState().canvas?.reveal(id)));
}

/** Lead to the node of a problem, into its subgraph if it is in one, and to the field. */
export function revealProblem(studio: Studio, problem: Problem): void {
  if (problem.node === null) return;
  reveal(studio, null, problem.node);
  const place = placeOf(problem);
  if (place && problem.port !== null) studio.view.setState({ field: [place.node, problem.port], focusing: true });
}
