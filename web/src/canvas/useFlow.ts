import type { EdgeChange, NodeChange } from "@xyflow/react";
import { useMemo, useState } from "react";
import { useStore } from "zustand";
import { useShallow } from "zustand/react/shallow";
import { moveNodes } from "../model/commands";
import type { Point, Scope } from "../model/document";
import { Catalog } from "../model/catalog";
import { useDocument, useDocumentState, useGraph, useNodeTypes, useStudio, useView, useWorkspace } from "../state/context";
import { runsOf } from "../runtime/jobs";
import type { RuntimeState } from "../state/runtime";
import { FlowEdges, FlowNodes, type AnyNode, type FlowEdge } from "./flow";
import { flowScenery } from "./SceneryView";

const NO_CATALOG = new Catalog({ digest: "", nodes: [], failures: [] });

/** The document as xyflow wants it, and what xyflow says back: moves and selection. */
export function useFlow() {
  const { documents, view } = useWorkspace();
  const graph = useGraph((all) => all);
  const catalog = useNodeTypes() ?? NO_CATALOG;
  const selected = useView(({ nodes }) => nodes);
  const selectedWires = useView(({ wires }) => wires);
  const moved = useView((state) => state.moved);
  const aspects = useView((state) => state.aspects);
  const id = useDocument((document) => document.id);
  const { scope } = useDocumentState((state) => ({ scope: state.scope }));
  const previewed = useNodesOf(scope, ({ previews }) => Object.keys(previews[id] ?? {}));
  const troubled = useNodesOf(scope, ({ jobs }) => runsOf(jobs, id).problems.flatMap(({ node }) => node ?? []));
  const [flowNodes] = useState(() => new FlowNodes());
  const [flowEdges] = useState(() => new FlowEdges());

  const workflowNodes = useMemo(
    () => (catalog === NO_CATALOG ? [] : flowNodes.from({ graph, catalog, selected, moved, aspects, previewed, troubled })),
    [flowNodes, graph, catalog, selected, moved, aspects, previewed, troubled],
  );
  const edges = useMemo(
    () => (catalog === NO_CATALOG ? [] : flowEdges.from(graph, catalog, selectedWires)),
    [flowEdges, graph, catalog, selectedWires],
  );

  const { frames, notes } = graph;
  const scenery = useMemo(() => flowScenery({ frames, notes }), [frames, notes]);
  const nodes = useMemo(() => [...scenery, ...workflowNodes], [scenery, workflowNodes]);

  return useMemo(() => {
    function onNodesChange(changes: NodeChange<AnyNode>[]): void {
      const dragged: Record<string, Point> = {};
      const dropped: Record<string, Point> = {};
      for (const change of changes) {
        if (change.type !== "position" || !change.position) continue;
        (change.dragging ? dragged : dropped)[change.id] = [change.position.x, change.position.y];
      }
      const nodesChosen = chosenAfter(view.getState().nodes, changes);
      if (nodesChosen) view.setState({ nodes: nodesChosen });
      if (Object.keys(dragged).length) view.setState((state) => ({ moved: { ...state.moved, ...dragged } }));
      if (Object.keys(dropped).length) {
        documents.run(moveNodes, dropped);
        view.setState({ moved: {} });
      }
    }
    function onEdgesChange(changes: EdgeChange<FlowEdge>[]): void {
      const wires = chosenAfter(view.getState().wires, changes);
      if (wires) view.setState({ wires });
    }
    return { nodes, edges, onNodesChange, onEdgesChange };
  }, [nodes, edges, documents, view]);
}

/** Some nodes of the canvas by what happens to them in runs; the same set until its members change. */
function useNodesOf(scope: Scope, part: (state: RuntimeState) => string[]): ReadonlySet<string> {
  const { runtime } = useStudio();
  const ids = useStore(runtime.store, useShallow(part));
  return useMemo(() => {
    const above = scope.map((instance) => `${instance}/`).join("");
    return new Set(ids.filter((id) => id.startsWith(above)).map((id) => id.slice(above.length)));
  }, [ids, scope]);
}

type AnyChange = NodeChange<AnyNode> | EdgeChange<FlowEdge>;

/** The selection after some changes; `null` if they do not touch it. */
function chosenAfter(before: ReadonlySet<string>, changes: readonly AnyChange[]): Set<string> | null {
  const selects = changes.filter((change) => change.type === "select");
  if (selects.length === 0) return null;
  const chosen = new Set(before);
  for (const { id, selected } of selects) {
    if (selected) chosen.add(id);
    else chosen.delete(id);
  }
  return chosen;
}
