import type { EdgeChange, NodeChange } from "@xyflow/react";
import { useMemo, useState } from "react";
import { useStore } from "zustand";
import { useShallow } from "zustand/react/shallow";
import { isNodeKey } from "../model/layout/boxes";
import type { Scope } from "../model/document/document";
import { Catalog } from "../model/catalog/catalog";
import { useDocument, useDocumentState, useGraph, useNodeTypes, useSettings, useStudio, useView, useWorkspace } from "../state/context";
import { runsOf } from "../runtime/jobs";
import { isPicture, isText, type NodeRuns } from "../runtime/nodeRuns";
import type { Output } from "../runtime/wire.gen";
import type { RuntimeState } from "../state/runtime";
import { FlowEdges, FlowNodes, type AnyNode, type FlowEdge } from "./flow";
import { FlowScenery } from "./scenery/scenery";
import { useMoving } from "./moving/useMoving";

const NO_CATALOG = new Catalog({ digest: "", nodes: [], failures: [] });

/** The document as xyflow wants it, and what xyflow says back: moves and selection. */
export function useFlow() {
  const { view } = useWorkspace();
  const graph = useGraph((all) => all);
  const catalog = useNodeTypes() ?? NO_CATALOG;
  const selected = useView(({ nodes }) => nodes);
  const selectedWires = useView(({ wires }) => wires);
  const moved = useView((state) => state.moved);
  const aspects = useView((state) => state.aspects);
  const density = useSettings((settings) => settings.density);
  const id = useDocument((document) => document.id);
  const { scope } = useDocumentState((state) => ({ scope: state.scope }));
  const previewed = useNodesOf(scope, ({ jobs }) => showing(runsOf(jobs, id).nodes, isPicture));
  const told = useNodesOf(scope, ({ jobs }) => showing(runsOf(jobs, id).nodes, isText));
  const troubled = useNodesOf(scope, ({ jobs }) => runsOf(jobs, id).problems.flatMap(({ node }) => node ?? []));
  const [flowNodes] = useState(() => new FlowNodes());
  const [flowEdges] = useState(() => new FlowEdges());
  const [flowScenery] = useState(() => new FlowScenery());
  const selectedScenery = useView((state) => state.scenery);
  const move = useMoving();

  const workflowNodes = useMemo(
    () => (catalog === NO_CATALOG ? [] : flowNodes.from({ graph, catalog, selected, moved, aspects, density, previewed, told, troubled })),
    [flowNodes, graph, catalog, selected, moved, aspects, density, previewed, told, troubled],
  );
  const { names } = flowNodes;
  const edges = useMemo(
    () => (catalog === NO_CATALOG ? [] : flowEdges.from({ graph, catalog, selected: selectedWires, names })),
    [flowEdges, graph, catalog, selectedWires, names],
  );

  const { frames, notes } = graph;
  const scenery = useMemo(
    () => flowScenery.from({ graph: { frames, notes }, selected: selectedScenery, moved }),
    [flowScenery, frames, notes, selectedScenery, moved],
  );
  const nodes = useMemo(() => [...scenery, ...workflowNodes], [scenery, workflowNodes]);

  return useMemo(() => {
    function onNodesChange(changes: NodeChange<AnyNode>[]): void {
      move(changes);
      const before = view.getState();
      const chosen = chosenAfter(new Set([...before.nodes, ...before.scenery]), changes);
      if (!chosen) return;
      view.setState({ nodes: new Set([...chosen].filter(isNodeKey)), scenery: new Set([...chosen].filter((key) => !isNodeKey(key))) });
    }
    function onEdgesChange(changes: EdgeChange<FlowEdge>[]): void {
      const wires = chosenAfter(view.getState().wires, changes);
      if (wires) view.setState({ wires });
    }
    return { nodes, edges, onNodesChange, onEdgesChange };
  }, [nodes, edges, view, move]);
}

/** The nodes that show something of a kind when they have run. */
function showing(runs: NodeRuns, kind: (output: Output) => boolean): string[] {
  return Object.keys(runs).filter((node) => runs[node]?.outputs.some(kind));
}

/** Some nodes of the canvas by what happens to them in runs; the same set until its members change. */
function useNodesOf(scope: Scope, part: (state: RuntimeState) => string[]): ReadonlySet<string> {
  const { runtime } = useStudio();
  const ids = useStore(runtime.store, useShallow(part));
  return useMemo(() => {
    const above = scope.map((instance) => `${instance}/`).join("");
    // What happens to a node inside an instance is seen on the instance.
    return new Set(ids.filter((id) => id.startsWith(above)).map((id) => id.slice(above.length).split("/")[0] ?? ""));
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
