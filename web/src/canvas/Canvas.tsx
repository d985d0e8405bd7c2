import "@xyflow/react/dist/base.css";
import {
  Background,
  BackgroundVariant,
  MiniMap,
  ReactFlow,
  ReactFlowProvider,
  useStore,
  type ReactFlowState,
} from "@xyflow/react";
import { useEffect, useRef } from "react";
import { GRID } from "../model/geometry";
import { useCatalog, useDocument, useGraph, useRuns, useStudio, useView, useWorkspace } from "../state/context";
import { useSettings } from "../state/context";
import { colorOf } from "../ui/PortShape";
import { t } from "../i18n/text";
import styles from "./Canvas.module.css";
import type { AnyNode, FlowEdge } from "./flow";
import { FrameView } from "./FrameView";
import { GuideLines } from "./GuideLines";
import { NodeView } from "./NodeView";
import { NoteView } from "./NoteView";
import { Reason, Said } from "./Reason";
import stroke from "./StrokeLayer.module.css";
import { useStrokes } from "./StrokeLayer";
import { ToolBar } from "./ToolBar";
import { useCanvasHandle } from "./useCanvasHandle";
import { useConnecting } from "./useConnecting";
import { useFlow } from "./useFlow";
import { usePlacing } from "./usePlacing";
import { useWireHandlers } from "./useWireHandlers";
import { DrawnWire, WireEdge } from "./WireEdge";

const NODE_TYPES = { workflow: NodeView, frame: FrameView, note: NoteView };
const EDGE_TYPES = { wire: WireEdge };
const MIDDLE_AND_RIGHT = [1, 2];
/** How much of a node may be out of sight without being missed. */
const MARGIN = 24;

function isCutOff({ nodeLookup, transform: [left, top, zoom], width, height }: ReactFlowState): boolean {
  for (const { internals, measured } of nodeLookup.values()) {
    const x = internals.positionAbsolute.x * zoom + left;
    const y = internals.positionAbsolute.y * zoom + top;
    const right = x + (measured.width ?? 0) * zoom;
    const bottom = y + (measured.height ?? 0) * zoom;
    if (x < -MARGIN || y < -MARGIN || right > width + MARGIN || bottom > height + MARGIN) return true;
  }
  return false;
}

/** The workflow as nodes and wires. */
export function Canvas() {
  return (
    <ReactFlowProvider>
      <Surface />
    </ReactFlowProvider>
  );
}

function Surface() {
  const studio = useStudio();
  const surface = useRef<HTMLDivElement>(null);
  const flow = useFlow();
  const connecting = useConnecting();
  const canvas = useCanvasHandle(surface);
  const mark = useRef<SVGPathElement>(null);
  const strokes = useStrokes(surface, mark);
  const placing = usePlacing();
  const wires = useWireHandlers();
  const leftDrag = useSettings((settings) => settings.leftDrag);
  const tool = useView((state) => state.tool);
  const id = useDocument((document) => document.id);
  const { view } = useWorkspace();
  const mounted = useView(({ canvas: handle }) => handle !== null);
  const ready = useCatalog(({ catalog }) => catalog !== null);
  const empty = useGraph((graph) => Object.keys(graph.nodes).length === 0);

  // Each document is shown as a whole at first, as soon as its nodes can be drawn.
  useEffect(() => {
    if (id && ready && mounted && !view.getState().viewport) view.getState().canvas?.opened();
  }, [id, ready, mounted, view]);

  return (
    <div
      ref={surface}
      className={styles["surface"]}
      data-document={id}
      data-tool={tool}
      {...placing}
      {...strokes}
      onPointerMove={canvas.track}
    >
      <ReactFlow<AnyNode, FlowEdge>
        {...flow}
        {...connecting}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        connectionLineComponent={DrawnWire}
        connectionRadius={22}
        reconnectRadius={12}
        aria-label={t("canvas.label")}
        onlyRenderVisibleElements
        minZoom={0.08}
        maxZoom={2.5}
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
        onPaneClick={() => studio.view.setState({ adding: null, scenery: new Set() })}
        onDoubleClick={(event) => {
          if (!(event.target as Element).classList.contains("react-flow__pane")) return;
          const at = canvas.toPoint(event.clientX, event.clientY);
          studio.view.setState({ adding: { screen: [event.clientX, event.clientY], at, wire: null } });
        }}
        onNodeDoubleClick={(event, node) => {
          if ((event.target as Element).closest("header")) studio.view.setState({ renaming: node.id });
        }}
        proOptions={{ hideAttribution: true }}
      >
        <Background variant={BackgroundVariant.Dots} gap={GRID} size={1.4} color="var(--dots)" />
        <GuideLines />
        <Map />
      </ReactFlow>
      <svg className={stroke["layer"]} aria-hidden="true">
        <path ref={mark} />
      </svg>
      <ToolBar />
      <Reason />
      <Said />
      {id !== "" && (empty || !ready) && (
        <div className={styles["empty"]}>
          <h2>{t(ready ? "canvas.empty" : "canvas.loading")}</h2>
          <p>{t(ready ? "canvas.empty.hint" : "canvas.loading.hint")}</p>
        </div>
      )}
    </div>
  );
}

/**
 * The whole graph, small: grey, the running node in the accent, picture nodes in their colour.
 * It is there only while something is out of sight.
 */
function Map() {
  const runs = useRuns(({ nodes }) => nodes);
  const wanted = useStore(isCutOff);
  if (!wanted) return null;
  return (
    <MiniMap<AnyNode>
      className={styles["map"] ?? ""}
      pannable
      zoomable
      ariaLabel={null}
      nodeBorderRadius={6}
      maskColor="rgb(18 17 16 / 55%)"
      maskStrokeColor="#8f877d"
      maskStrokeWidth={1.5}
      bgColor="var(--background)"
      nodeColor={(node) => {
        if (node.type !== "workflow") return "transparent";
        if (runs[node.id]?.state === "running") return "var(--accent)";
        return node.data.layout.picture && node.data.spec.sink ? colorOf("IMAGE") : "#6b645c";
      }}
    />
  );
}
