import { useReactFlow } from "@xyflow/react";
import { useEffect, useMemo, useRef, type PointerEvent, type RefObject } from "react";
import type { Point } from "../model/document";
import { GRID } from "../model/geometry";
import { useWorkspace } from "../state/context";

const FIT = { padding: 0.05, maxZoom: 1, duration: 180 };
/** A graph too large to be read as a whole is opened where it can be read. */
const OPENED = { ...FIT, minZoom: 0.45, duration: 0 };

/** Lets the rest of the page move the view and ask where things are. */
export function useCanvasHandle(surface: RefObject<HTMLDivElement | null>) {
  const flow = useReactFlow();
  const { view } = useWorkspace();
  const pointer = useRef<Point>([0, 0]);

  const canvas = useMemo(() => {
    const toPoint = (clientX: number, clientY: number): Point => {
      const { x, y } = flow.screenToFlowPosition({ x: clientX, y: clientY });
      return [snapped(x), snapped(y)];
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
        const { viewport } = view.getState();
        if (viewport) void flow.setViewport(viewport);
        view.setState({
          canvas: {
            // Nodes that were just made reach xyflow with the next paint.
            fit: () => void flow.fitView(FIT),
            opened: () =>
              requestAnimationFrame(() => requestAnimationFrame(() => void flow.fitView(OPENED))),
            zoom: (factor) => void flow.zoomTo(flow.getZoom() * factor, { duration: 120 }),
            reveal: (node) => void flow.fitView({ ...FIT, nodes: [{ id: node }], maxZoom: flow.getZoom() }),
            centre,
            pointer: () => toPoint(...pointer.current),
          },
        });
      },
    };
  }, [flow, view, surface]);

  useEffect(() => () => view.setState({ canvas: null }), [view]);
  return canvas;
}

function snapped(value: number): number {
  return Math.round(value / (GRID / 2)) * (GRID / 2);
}
