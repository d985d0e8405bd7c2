import { useEffect, useRef, useState, type PointerEvent } from "react";
import type { Numeric } from "../model/values/number";

/** A press that moves less is a click. */
const CLICK_PIXELS = 3;

interface Scrubbed {
  readonly value: Numeric;
  /** How far the pointer goes for one nudge. */
  readonly pixelsPerNudge: (field: HTMLElement) => number;
  readonly move: (nudges: number, start: Numeric, gesture: string) => void;
  /** Escape while dragging: as it was before. */
  readonly restore: (start: Numeric, gesture: string) => void;
  readonly click: () => void;
}

interface Start {
  readonly x: number;
  readonly value: Numeric;
  readonly gesture: string;
  readonly pixels: number;
}

/** Horizontal dragging as nudges: with Shift ten times as far, with Alt a fifth. */
export function useScrub({ value, pixelsPerNudge, move, restore, click }: Scrubbed) {
  const from = useRef<Start | null>(null);
  const [active, setActive] = useState(false);
  useEffect(() => {
    if (!active) return;
    const key = (event: KeyboardEvent): void => {
      if (event.key !== "Escape" || !from.current) return;
      event.stopPropagation();
      restore(from.current.value, from.current.gesture);
      from.current = null;
      setActive(false);
    };
    addEventListener("keydown", key, true);
    return () => removeEventListener("keydown", key, true);
  }, [active, restore]);

  const end = (): void => {
    from.current = null;
    setActive(false);
  };
  const handlers = {
    onPointerDown(event: PointerEvent<HTMLElement>): void {
      const target = event.target as HTMLElement;
      if (event.button !== 0 || target.closest("button") || target === document.activeElement) return;
      event.preventDefault();
      event.currentTarget.setPointerCapture(event.pointerId);
      const pixels = pixelsPerNudge(event.currentTarget);
      from.current = { x: event.clientX, value, gesture: `scrub:${event.timeStamp}`, pixels };
    },
    onPointerMove(event: PointerEvent<HTMLElement>): void {
      const start = from.current;
      if (!start) return;
      const distance = event.clientX - start.x;
      if (!active && Math.abs(distance) < CLICK_PIXELS) return;
      setActive(true);
      const scale = event.shiftKey ? 10 : event.altKey ? 0.2 : 1;
      move(Math.trunc((distance / start.pixels) * scale), start.value, start.gesture);
    },
    onPointerUp(): void {
      if (from.current && !active) click();
      end();
    },
    onPointerCancel: end,
  };
  return { active, handlers };
}
