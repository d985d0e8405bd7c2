import { useReactFlow } from "@xyflow/react";
import { useEffect, type RefObject } from "react";
import type { Point } from "../../model/document/document";
import { LEAST_ZOOM, MOST_ZOOM } from "../overview/view";

interface View {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

/** The view after two fingers went from some places of the surface to others: what lay below them stays there. */
export function pinched({ x, y, zoom }: View, from: readonly [Point, Point], to: readonly [Point, Point]): View {
  const spread = Math.max(1, apart(...to)) / Math.max(1, apart(...from));
  const next = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, zoom * spread));
  const [fromX, fromY] = middle(...from);
  const [toX, toY] = middle(...to);
  return { x: toX - ((fromX - x) / zoom) * next, y: toY - ((fromY - y) / zoom) * next, zoom: next };
}

function apart([ax, ay]: Point, [bx, by]: Point): number {
  return Math.hypot(bx - ax, by - ay);
}

function middle([ax, ay]: Point, [bx, by]: Point): Point {
  return [(ax + bx) / 2, (ay + by) / 2];
}

/** Two fingers zoom also where they touch nodes; on the empty canvas xyflow sees to it. */
export function usePinch(surface: RefObject<HTMLElement | null>): void {
  const flow = useReactFlow();
  useEffect(() => {
    const element = surface.current;
    if (!element) return;
    const fingers = new Map<number, { at: Point; onNode: boolean }>();
    let start: { readonly view: View; readonly from: readonly [Point, Point] } | null = null;
    const place = ({ clientX, clientY }: PointerEvent): Point => {
      const box = element.getBoundingClientRect();
      return [clientX - box.left, clientY - box.top];
    };
    const both = (): readonly [Point, Point] | null => {
      const [a, b] = [...fingers.values()];
      return a && b && fingers.size === 2 ? [a.at, b.at] : null;
    };
    const press = (event: PointerEvent): void => {
      if (event.pointerType !== "touch") return;
      const onNode = (event.target as Element).closest(".react-flow__node, .react-flow__edge") !== null;
      fingers.set(event.pointerId, { at: place(event), onNode });
      const from = both();
      const wanted = from !== null && [...fingers.values()].some((finger) => finger.onNode);
      start = wanted ? { view: flow.getViewport(), from } : null;
    };
    const move = (event: PointerEvent): void => {
      const finger = fingers.get(event.pointerId);
      if (!finger) return;
      finger.at = place(event);
      const to = both();
      if (start && to) void flow.setViewport(pinched(start.view, start.from, to), { duration: 0 });
    };
    const lift = (event: PointerEvent): void => {
      fingers.delete(event.pointerId);
      start = null;
    };
    const capture = { capture: true };
    element.addEventListener("pointerdown", press, capture);
    element.addEventListener("pointermove", move, capture);
    element.addEventListener("pointerup", lift, capture);
    element.addEventListener("pointercancel", lift, capture);
    return () => {
      element.removeEventListener("pointerdown", press, capture);
      element.removeEventListener("pointermove", move, capture);
      element.removeEventListener("pointerup", lift, capture);
      element.removeEventListener("pointercancel", lift, capture);
    };
  }, [flow, surface]);
}
