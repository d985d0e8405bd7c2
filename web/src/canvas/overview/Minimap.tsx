import { useReactFlow, useStoreApi } from "@xyflow/react";
import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import type { Box } from "../../model/layout/boxes";
import { useSettings, useStudio, useWorkspace } from "../../state/context";
import { t } from "../../i18n/text";
import { Looks } from "./looks";
import { isCutOff, mapped, onCanvas, paintMiniature, paintSeen, projectionOf, type Projection } from "./miniature";
import styles from "./Minimap.module.css";
import { whenThemeChanges } from "./palette";
import type { Scenes } from "./scenes";
import { PaintedSurface } from "./surface";
import { seenBox } from "./view";

const NOTHING: ReadonlySet<string> = new Set();
/** The graph itself is painted anew at most this often; what is seen of it, with every frame. */
const GRAPH_MS = 200;
/** Of what is seen: how far an arrow key moves the view. */
const STEP = 0.25;
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

/** The small map, where it is wanted and while something is out of sight. */
export function Minimap({ scenes }: { scenes: Scenes }) {
  const wanted = useSettings((settings) => settings.minimap);
  return wanted ? <WhenCutOff scenes={scenes} /> : null;
}

function WhenCutOff({ scenes }: { scenes: Scenes }) {
  const flow = useStoreApi();
  const workspace = useWorkspace();
  const [cutOff, setCutOff] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = (): void => {
      if (timer !== undefined) return;
      timer = setTimeout(() => {
        timer = undefined;
        setCutOff(isCutOff(scenes.now(), seenIn(flow)));
      }, GRAPH_MS);
    };
    look();
    const stops = [flow.subscribe(look), workspace.documents.store.subscribe(look)];
    return () => {
      clearTimeout(timer);
      for (const stop of stops) stop();
    };
  }, [flow, workspace, scenes]);
  return cutOff ? <Map scenes={scenes} /> : null;
}

/** Press or drag to go there; arrow keys move the view. */
function Map({ scenes }: { scenes: Scenes }) {
  const studio = useStudio();
  const workspace = useWorkspace();
  const flow = useStoreApi();
  const view = useReactFlow();
  const canvas = useRef<HTMLCanvasElement>(null);
  const projection = useRef<Projection | null>(null);

  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let graph: OffscreenCanvas | null = null;
    let all: Box | null = null;
    const looks = new Looks(studio, element, () => {});
    const painted = new PaintedSurface(element, (brush, size, ratio) => {
      const look = looks.now(null, NOTHING);
      const seen = seenIn(flow);
      if (!all) all = mapped(scenes.now(), seen);
      const place = projectionOf(all, size.width, size.height);
      projection.current = place;
      if (!graph) graph = paintedGraph(size, ratio, (onto) => paintMiniature(onto, scenes.now(), place, look));
      brush.drawImage(graph, 0, 0);
      brush.setTransform(ratio, 0, 0, ratio, 0, 0);
      paintSeen(brush, seen, place, size, look);
    });
    const changed = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        graph = null;
        all = null;
        painted.soon();
      }, GRAPH_MS);
    };
    painted.soon();
    const stops = [
      flow.subscribe(({ transform, width }, before) => {
        if (transform === before.transform && width === before.width) return;
        painted.soon();
        changed();
      }),
      workspace.documents.store.subscribe(changed),
      workspace.view.subscribe((state, before) => state.nodes !== before.nodes && changed()),
      studio.runtime.store.subscribe(changed),
      whenThemeChanges(() => {
        looks.forgetTheme();
        changed();
      }),
    ];
    return () => {
      clearTimeout(timer);
      for (const stop of stops) stop();
      painted.stop();
      looks.close();
    };
  }, [studio, workspace, flow, scenes]);

  function go(event: PointerEvent<HTMLElement>): void {
    const place = projection.current;
    if (!place || (event.type === "pointermove" && !event.currentTarget.hasPointerCapture(event.pointerId))) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const box = event.currentTarget.getBoundingClientRect();
    const [x, y] = onCanvas([event.clientX - box.left, event.clientY - box.top], place);
    void view.setCenter(x, y, { zoom: view.getZoom(), duration: 0 });
  }

  function key(event: KeyboardEvent): void {
    const step = ARROWS[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const { transform, width, height } = flow.getState();
    const [x, y, zoom] = transform;
    void view.setViewport({ x: x - step[0] * width, y: y - step[1] * height, zoom }, { duration: 0 });
  }

  return (
    <button type="button" className={styles["map"]} data-cover="" aria-label={t("canvas.map")} onPointerDown={go} onPointerMove={go} onKeyDown={key}>
      <canvas ref={canvas} className={styles["paint"]} aria-hidden="true" />
    </button>
  );
}

function seenIn(flow: ReturnType<typeof useStoreApi>): Box {
  const { transform, width, height } = flow.getState();
  const [x, y, zoom] = transform;
  return seenBox({ x, y, zoom, width, height });
}

function paintedGraph({ width, height }: { width: number; height: number }, ratio: number, paint: (brush: OffscreenCanvasRenderingContext2D) => void): OffscreenCanvas {
  const graph = new OffscreenCanvas(Math.round(width * ratio), Math.round(height * ratio));
  const brush = graph.getContext("2d");
  brush?.setTransform(ratio, 0, 0, ratio, 0, 0);
  if (brush) paint(brush);
  return graph;
}
