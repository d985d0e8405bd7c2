import { useStoreApi } from "@xyflow/react";
import { useLayoutEffect, useRef } from "react";
import { useKeys } from "../../app/useKeys";
import { t } from "../../i18n/text";
import { useGraph, useStudio, useWorkspace } from "../../state/context";
import styles from "./Overview.module.css";
import { Looks } from "./looks";
import { paintScene } from "./paint";
import { whenThemeChanges } from "./palette";
import type { Pointing } from "./pointing";
import type { Scenes } from "./scenes";
import { PaintedSurface } from "./surface";

interface Props {
  far: boolean;
  scenes: Scenes;
  pointing: Pointing;
  /** Nodes and wires that are in the page. */
  mounted: ReadonlySet<string>;
}

/** How long the painted graph stays below the nodes that take its place, until their pictures are there. */
const LINGER_MS = 250;

/** The whole graph painted on one canvas, for zooms at which nodes could not be read. */
export function Overview({ far, scenes, pointing, mounted }: Props) {
  const studio = useStudio();
  const workspace = useWorkspace();
  const flow = useStoreApi();
  const element = useRef<HTMLCanvasElement>(null);
  const surface = useRef<PaintedSurface | null>(null);
  const present = useRef(mounted);
  const words = useWords(far);

  // What is painted and what is mounted change in the same frame.
  useLayoutEffect(() => {
    present.current = mounted;
    surface.current?.now();
  }, [mounted]);

  useLayoutEffect(() => {
    const canvas = element.current;
    if (!canvas || !far) return;
    canvas.hidden = false;
    const looks = new Looks(studio, canvas, () => painted.soon());
    const painted = new PaintedSurface(canvas, (brush, size, ratio) => {
      const [x, y, zoom] = flow.getState().transform;
      const look = looks.now(pointing.hovered?.id ?? null, present.current);
      paintScene(brush, scenes.now(), { x, y, zoom, ...size }, ratio, look);
    });
    const themed = (): void => {
      looks.forgetTheme();
      painted.soon();
    };
    surface.current = painted;
    painted.now();
    // The titles' font may come after the first painting.
    void document.fonts.ready.then(() => surface.current === painted && themed());
    const soon = (): void => painted.soon();
    const stops = [
      flow.subscribe(({ transform, width, height }, before) => {
        if (transform !== before.transform || width !== before.width || height !== before.height) soon();
      }),
      workspace.documents.store.subscribe(soon),
      workspace.view.subscribe(soon),
      studio.runtime.store.subscribe(soon),
      studio.problems.store.subscribe(soon),
      pointing.watch(soon),
      whenThemeChanges(themed),
    ];
    return () => {
      for (const stop of stops) stop();
      painted.stop();
      looks.close();
      surface.current = null;
      lingering(canvas, flow);
    };
  }, [far, studio, workspace, flow, scenes, pointing]);

  return <canvas ref={element} className={styles["overview"]} data-overview={far || undefined} {...words} hidden />;
}

/** What a screen reader says of the painted graph: keys that go from node to node come near. */
function useWords(far: boolean) {
  const count = useGraph(({ nodes }) => Object.keys(nodes).length);
  const next = useKeys("walk.next");
  return far ? { role: "img", "aria-label": t("canvas.painted", { count, next }) } : { "aria-hidden": true };
}

/** Leave the canvas below the nodes for a moment; it must not be seen once the view moves on. */
function lingering(canvas: HTMLCanvasElement, flow: ReturnType<typeof useStoreApi>): void {
  const hide = (): void => {
    stop();
    clearTimeout(timer);
    if (canvas.dataset["overview"] === undefined) canvas.hidden = true;
  };
  const timer = setTimeout(hide, LINGER_MS);
  const stop = flow.subscribe(({ transform }, before) => {
    if (transform !== before.transform) hide();
  });
}
