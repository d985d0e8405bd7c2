import { useCallback, useEffect, useMemo, useRef, useState, type PointerEvent, type RefObject } from "react";
import { centred, fitted, moved, zoomed, type Place, type Size, type View } from "./zoom";

const WHEEL = 0.0018;

export interface Zoom {
  readonly view: View;
  readonly fits: boolean;
  readonly fit: () => void;
  /** One pixel of the picture for each of the screen. */
  readonly actual: () => void;
  readonly by: (factor: number) => void;
}

/** Zooming to the pointer by wheel and pinch, panning by dragging. */
export function useZoom(stage: RefObject<HTMLElement | null>, picture: Size, room: Size) {
  const [chosen, setChosen] = useState<View | null>(null);
  const view = useMemo(() => chosen ?? fitted(picture, room), [chosen, picture, room]);
  const change = useCallback(
    (next: (view: View) => View) => setChosen((now) => next(now ?? fitted(picture, room))),
    [picture, room],
  );
  const fingers = useRef(new Map<number, Place>());

  useEffect(() => {
    const { current } = stage;
    if (!current) return;
    const wheel = (event: WheelEvent): void => {
      const pane = (event.target as Element).closest<HTMLElement>("[data-pane]");
      if (!pane) return;
      event.preventDefault();
      const factor = Math.exp(-event.deltaY * (event.deltaMode === 1 ? 30 : 1) * WHEEL);
      const at = placeOn(pane, event);
      const size: Size = [pane.clientWidth, pane.clientHeight];
      change((now) => zoomed(now, factor, at, picture, size));
    };
    current.addEventListener("wheel", wheel, { passive: false });
    return () => current.removeEventListener("wheel", wheel);
  }, [stage, picture, change]);

  function move(event: PointerEvent<HTMLElement>): void {
    const before = fingers.current.get(event.pointerId);
    if (!before) return;
    const now = placeOn(event.currentTarget, event);
    const other = [...fingers.current].find(([id]) => id !== event.pointerId)?.[1];
    fingers.current.set(event.pointerId, now);
    if (other) {
      const middle: Place = [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2];
      const factor = distance(now, other) / Math.max(1, distance(before, other));
      change((shown) => zoomed(shown, factor, middle, picture, room));
    } else change((shown) => moved(shown, [now[0] - before[0], now[1] - before[1]], picture, room));
  }

  const zoom = useMemo(
    (): Zoom => ({
      view,
      fits: chosen === null,
      fit: () => setChosen(null),
      actual: () => setChosen(centred(1 / devicePixelRatio, picture, room)),
      by: (factor) => change((now) => zoomed(now, factor, [room[0] / 2, room[1] / 2], picture, room)),
    }),
    [view, chosen, change, picture, room],
  );
  const release = ({ pointerId }: PointerEvent<HTMLElement>): void => void fingers.current.delete(pointerId);
  const handlers = {
    onPointerDown(event: PointerEvent<HTMLElement>): void {
      if (event.button !== 0 || (event.target as Element).closest("[data-split]")) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      fingers.current.set(event.pointerId, placeOn(event.currentTarget, event));
    },
    onPointerMove: move,
    onPointerUp: release,
    onPointerCancel: release,
  };
  return { zoom, handlers };
}

/** A pointer's place on an element. */
export function placeOn(element: HTMLElement, { clientX, clientY }: { clientX: number; clientY: number }): Place {
  const { left, top } = element.getBoundingClientRect();
  return [clientX - left, clientY - top];
}

function distance(a: Place, b: Place): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}
