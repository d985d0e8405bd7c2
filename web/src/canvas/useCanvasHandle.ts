import { useReactFlow, useStoreApi } from "@xyflow/react";
import { useEffect, useMemo, useRef, type PointerEvent, type RefObject } from "react";
import { centreOf, holds, onGrid, type Box } from "../model/layout/boxes";
import type { NodeId, Point } from "../model/document/document";
import { useWorkspace } from "../state/context";
import type { Pointing } from "./overview/pointing";
import { boundsOf, boxOf } from "./overview/scene";
import type { Scenes } from "./overview/scenes";
import { NEAR } from "./overview/view";
import { viewOf } from "./useFirstView";

const FIT_MS = 180;
/** A node that is gone to is shown no smaller than this. */
const READABLE = 0.6;
/** Frames after which a node that was out of sight is in the page for certain. */
const FRAMES = 40;

/** Lets the rest of the page move the view and ask where things are. */
export function useCanvasHandle(surface: RefObject<HTMLDivElement | null>, scenes: Scenes, pointing: Pointing) {
  const flow = useReactFlow();
  const store = useStoreApi();
  const { view } = useWorkspace();
  /** In the window; unknown until it moves over a canvas that was just opened. */
  const pointer = useRef<Point>(null);

  const canvas = useMemo(() => {
    const toPoint = (clientX: number, clientY: number): Point => {
      const { x, y } = flow.screenToFlowPosition({ x: clientX, y: clientY });
      return [onGrid(x), onGrid(y)];
    };
    const toCanvas = (clientX: number, clientY: number): Point => {
      const { x, y } = flow.screenToFlowPosition({ x: clientX, y: clientY });
      return [x, y];
    };
    const seen = (): Box => {
      const box = surface.current?.getBoundingClientRect() ?? new DOMRect();
      const [left, top] = toCanvas(box.left, box.top);
      const [right, bottom] = toCanvas(box.right, box.bottom);
      return { left, top, right, bottom };
    };
    const show = (box: Box | null, most: number, duration: number): void => {
      if (!box) return;
      const { width, height } = store.getState();
      void flow.setViewport(viewOf(box, width, height, most), { duration });
    };
    const focus = (node: NodeId, stay = false): void => {
      const box = boxOf(scenes.now(), node);
      if (!box) return;
      const [middleX, middleY] = centreOf(box);
      const zoom = flow.getZoom();
      if (!stay && (!holds(seen(), box) || zoom < NEAR)) void flow.setCenter(middleX, middleY, { zoom: Math.max(zoom, READABLE), duration: 0 });
      takeKeyboard(surface.current, node);
    };
    const centre = (): Point => {
      const box = surface.current?.getBoundingClientRect();
      return box ? toPoint(box.x + box.width / 2, box.y + box.height / 2) : [0, 0];
    };
    return {
      toPoint,
      track: (event: PointerEvent): void => {
        pointer.current = [event.clientX, event.clientY];
      },
      ready: (): void => {
        view.setState({
          canvas: {
            // Nodes that were just made reach xyflow with the next paint.
            fit: () => show(boundsOf(scenes.now()), 1, FIT_MS),
            opened: () => show(boundsOf(scenes.now()), 1, 0),
            zoom: (factor) => void flow.zoomTo(flow.getZoom() * factor, { duration: 120 }),
            reveal: (node) => show(boxOf(scenes.now(), node), Math.max(flow.getZoom(), READABLE), FIT_MS),
            approach: (key) => show(boxOf(scenes.now(), key), 1, FIT_MS),
            hit: (clientX, clientY) => pointing.at([clientX, clientY]),
            centre,
            pointer: () => (pointer.current ? toPoint(...pointer.current) : centre()),
            seen,
            toCanvas,
            snapped: toPoint,
            toScreen: ([x, y]) => {
              const place = flow.flowToScreenPosition({ x, y });
              return [place.x, place.y];
            },
            focus,
          },
        });
      },
    };
  }, [flow, store, view, surface, scenes, pointing]);

  useEffect(() => () => view.setState({ canvas: null }), [view]);
  return canvas;
}

/** Give a node the keyboard, as soon as it is in the page. */
function takeKeyboard(surface: HTMLElement | null, node: NodeId, frames = FRAMES): void {
  const element = surface?.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(node)}"]`);
  if (element) element.focus({ preventScroll: true });
  else if (frames > 0) requestAnimationFrame(() => isElsewhere(surface) || takeKeyboard(surface, node, frames - 1));
}

/** Something beside the canvas got the keyboard meanwhile, such as a menu: it keeps it. */
function isElsewhere(surface: HTMLElement | null): boolean {
  const { activeElement } = document;
  return activeElement !== null && activeElement !== document.body && !surface?.contains(activeElement);
}
