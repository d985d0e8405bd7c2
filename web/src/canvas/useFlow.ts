import type { EdgeChange, NodeChange } from "@xyflow/react";
import { useMemo, useState } from "react";
import { useStore } from "zustand";
import { useShallow } from "zustand/react/shallow";
import { moveNodes } from "../model/commands";
import type { Point } from "../model/document";
import { Catalog } from "../model/catalog";
import { useCatalog, useDocument, useStudio, useView } from "../state/context";
import type { RuntimeState } from "../state/runtime";
import { FlowEdges, FlowNodes, type AnyNode, type FlowEdge } from "./flow";
import { flowScenery } from "./SceneryView";

const NO_CATALOG = new Catalog({ digest: "", nodes: [], failures: [] });

/** The document as xyflow wants it, and what xyflow says back: moves and selection. */
export function useFlow() {
  const { documents, view } = useStudio();
  const document = useDocument((all) => all);
  const catalog = useCatalog((state) => state.catalog) ?? NO_CATALOG;
  const selected = useView(({ nodes }) => nodes);
  const selectedWires = useView(({ wires }) => wires);
  const moved = useView((state) => state.moved);
  const aspects = useView((state) => state.aspects);
  const previewed = useNodesOf(({ previews }) => Object.keys(previews));
  const troubled = useNodesOf(({ jobs }) => jobs.problems.flatMap(({ node }) => node ?? []));
  const [flowNodes] = useState(() => new FlowNodes());
  const [flowEdges] = useState(() => new FlowEdges());

  const workflowNodes = useMemo(
    () => (catalog === NO_CATALOG ? [] : flowNodes.from({ document, catalog, selected, moved, aspects, previewed, troubled })),
    [flowNodes, document, catalog, selected, moved, aspects, previewed, troubled],
  );
  const edges = useMemo(
    () => (catalog === NO_CATALOG ? [] : flowEdges.from(document, catalog, selectedWires)),
    [flowEdges, document, catalog, selectedWires],
  );

  const rest = useDocument((all) => all.rest);
  const scenery = useMemo(() => flowScenery(rest), [rest]);
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

/** Some nodes by what happens to them; the same set until its members change. */
function useNodesOf(part: (state: RuntimeState) => string[]): ReadonlySet<string> {
  const { runtime } = useStudio();
  const ids = useStore(runtime.store, useShallow(part));
  return useMemo(() => new Set(ids), [ids]);
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
