import "@xyflow/react/dist/base.css";
import { ReactFlow, ReactFlowProvider } from "@xyflow/react";
import { useEffect, useRef } from "react";
import { useCatalog, useDocument, useDocumentState, useGraph, useSettings, useStudio, useView, useWorkspace } from "../state/context";
import { unselect } from "../state/view";
import { t } from "../i18n/text";
import { Button } from "../ui/Button";
import { isBorder } from "../model/subgraphs/border";
import { openInstance } from "../state/subgraphs";
import { Breadcrumb } from "./tools/Breadcrumb";
import styles from "./Canvas.module.css";
import { Dots } from "./Dots";
import type { AnyNode, FlowEdge } from "./flow";
import { FrameView } from "./scenery/FrameView";
import { GuideLines } from "./moving/GuideLines";
import { NodeView } from "./nodes/NodeView";
import { NoteView } from "./scenery/NoteView";
import { Minimap } from "./overview/Minimap";
import { Overview } from "./overview/Overview";
import { useOverview } from "./overview/useOverview";
import { LEAST_ZOOM, MOST_ZOOM } from "./overview/view";
import { Reason } from "./wires/Reason";
import stroke from "./tools/StrokeLayer.module.css";
import { useStrokes } from "./tools/StrokeLayer";
import { ToolBar } from "./tools/ToolBar";
import { singleOut } from "./singleOut";
import { useCanvasHandle } from "./useCanvasHandle";
import { useConnecting } from "./wires/useConnecting";
import { useFirstView } from "./useFirstView";
import { useFlow } from "./useFlow";
import { useInSight } from "./moving/useInSight";
import { usePinch } from "./moving/usePinch";
import { usePlacing } from "./moving/usePlacing";
import { useStir } from "./moving/useStir";
import { useWireEnds } from "./wires/useWireEnds";
import { useWireHandlers } from "./wires/useWireHandlers";
import { DrawnWire, WireEdge } from "./wires/WireEdge";

const NODE_TYPES = { workflow: NodeView, frame: FrameView, note: NoteView };
const EDGE_TYPES = { wire: WireEdge };
const MIDDLE_AND_RIGHT = [1, 2];

/** The workflow as nodes and wires. */
export function Canvas() {
  const { scope } = useDocumentState((state) => ({ scope: state.scope }));
  // Each graph of a document has a canvas of its own: what was selected or dragged on one ends there.
  return (
    <ReactFlowProvider key={scope.join("/")}>
      <Surface />
    </ReactFlowProvider>
  );
}

function Surface() {
  const studio = useStudio();
  const surface = useRef<HTMLDivElement>(null);
  const flow = useFlow();
  const connecting = useConnecting();
  const mark = useRef<SVGPathElement>(null);
  const strokes = useStrokes(surface, mark);
  const overview = useOverview(surface, flow, strokes);
  const canvas = useCanvasHandle(surface, overview.scenes, overview.pointing);
  useStir(surface);
  usePinch(surface);
  useInSight(surface);
  const placing = usePlacing();
  const wires = useWireHandlers();
  useWireEnds(surface);
  const leftDrag = useSettings((settings) => settings.leftDrag);
  const tool = useView((state) => state.tool);
  const id = useDocument((document) => document.id);
  const { view } = useWorkspace();
  const mounted = useView(({ canvas: handle }) => handle !== null);
  const ready = useCatalog(({ catalog }) => catalog !== null);
  const empty = useGraph((graph) => Object.keys(graph.nodes).length === 0);

  const first = useFirstView(surface, overview.scenes, ready);

  // Where the types come after the document, it is shown as a whole when they are there.
  useEffect(() => {
    if (id && ready && mounted && !view.getState().viewport) view.getState().canvas?.opened();
  }, [id, ready, mounted, view]);

  if (!first) return <div ref={surface} className={styles["surface"]} />;
  return (
    <div
      ref={surface}
      className={styles["surface"]}
      data-document={id}
      data-tool={tool}
      {...placing}
      {...overview.handlers}
      onPointerMove={canvas.track}
    >
      <ReactFlow<AnyNode, FlowEdge>
        {...flow}
        {...overview.shown}
        {...connecting}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        connectionLineComponent={DrawnWire}
        connectionRadius={22}
        reconnectRadius={12}
        aria-label={t("canvas.label")}
        tabIndex={0}
        data-canvas=""
        onlyRenderVisibleElements
        defaultViewport={first}
        minZoom={LEAST_ZOOM}
        maxZoom={MOST_ZOOM}
        selectionKeyCode={null}
        panOnDrag={leftDrag === "select" ? MIDDLE_AND_RIGHT : true}
        disableKeyboardA11y
        multiSelectionKeyCode={["Shift", "Control", "Meta"]}
        deleteKeyCode={null}
        zoomOnDoubleClick={false}
        elevateNodesOnSelect
        onInit={canvas.ready}
        onMoveEnd={(_, viewport) => view.setState({ zoom: viewport.zoom, viewport })}
        {...wires}
        onPaneClick={(event) => {
          if (!overview.far || !overview.tap(event)) unselect(view);
        }}
        onDoubleClick={(event) => {
          if (!(event.target as Element).classList.contains("react-flow__pane")) return;
          const at = canvas.toPoint(event.clientX, event.clientY);
          studio.view.setState({ adding: { screen: [event.clientX, event.clientY], at, wire: null } });
        }}
        onNodeClick={(event, node) => singleOut(view, event, node.id)}
        onNodeDoubleClick={(event, node) => {
          if (!(event.target as Element).closest("header") || openInstance(studio.workspace, node.id)) return;
          if (!isBorder(node.id)) studio.view.setState({ renaming: node.id });
        }}
        proOptions={{ hideAttribution: true }}
      >
        <Dots />
        <Overview far={overview.far} scenes={overview.scenes} pointing={overview.pointing} mounted={overview.mounted} />
        <GuideLines />
        <Minimap scenes={overview.scenes} />
      </ReactFlow>
      <svg className={stroke["layer"]} aria-hidden="true">
        <path ref={mark} />
      </svg>
      <Breadcrumb />
      <ToolBar />
      <Reason />
      {id !== "" && (empty || !ready) && (
        <div className={styles["empty"]}>
          <h2>{t(ready ? "canvas.empty" : "canvas.loading")}</h2>
          <p>{t(ready ? "canvas.empty.hint" : "canvas.loading.hint")}</p>
          {ready && <Button onClick={() => studio.ui.setState({ overlay: "open" })}>{t("canvas.empty.open")}</Button>}
        </div>
      )}
    </div>
  );
}
