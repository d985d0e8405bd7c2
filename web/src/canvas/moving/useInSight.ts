import { useReactFlow } from "@xyflow/react";
import { useEffect, type RefObject } from "react";
import { grown, type Box } from "../../model/layout/boxes";
import { wayIntoSight } from "./inSight";

/** Pixels around what is brought into sight. */
const MARGIN = 12;

/**
 * Whatever is scrolled into view stays there: browsers scroll what clips the canvas when a key, a
 * search or a tool wants something that lies outside, and xyflow scrolls it back at once. The view
 * goes there instead. It also goes, no further than it must and without zooming, to a field that
 * gets the keyboard where no scrolling leads, or under what lies over the canvas.
 */
export function useInSight(surface: RefObject<HTMLElement | null>): void {
  const flow = useReactFlow();
  useEffect(() => {
    const element = surface.current;
    if (!element) return;
    let pressing = false;
    const pan = (byX: number, byY: number): void => {
      const { x, y, zoom } = flow.getViewport();
      void flow.setViewport({ x: x + byX, y: y + byY, zoom }, { duration: 0 });
    };
    const takeOver = ({ target }: Event): void => {
      if (!(target instanceof Element) || !target.querySelector(".react-flow__viewport")) return;
      const { scrollLeft, scrollTop } = target;
      if (scrollLeft === 0 && scrollTop === 0) return;
      target.scrollTo({ left: 0, top: 0, behavior: "instant" });
      pan(-scrollLeft, -scrollTop);
    };
    const follow = ({ target }: FocusEvent): void => {
      // What is pressed must not go away below the pointer.
      if (pressing || !isField(target)) return;
      // Before anything is painted, and after what the browser has scrolled.
      requestAnimationFrame(() => {
        const [x, y] = document.activeElement === target ? wayTo(target, element) : [0, 0];
        if (x !== 0 || y !== 0) pan(x, y);
      });
    };
    const press = (): void => void (pressing = true);
    // After the click, which may give the keyboard too.
    const lift = (): void => void setTimeout(() => (pressing = false));
    const capture = { capture: true };
    element.addEventListener("scroll", takeOver, capture);
    element.addEventListener("focusin", follow);
    addEventListener("pointerdown", press, capture);
    addEventListener("pointerup", lift, capture);
    addEventListener("pointercancel", lift, capture);
    return () => {
      element.removeEventListener("scroll", takeOver, capture);
      element.removeEventListener("focusin", follow);
      removeEventListener("pointerdown", press, capture);
      removeEventListener("pointerup", lift, capture);
      removeEventListener("pointercancel", lift, capture);
    };
  }, [flow, surface]);
}

/** Something inside a node; nodes themselves go where the keyboard moves between them. */
function isField(target: EventTarget | null): target is HTMLElement {
  const node = target instanceof HTMLElement ? target.closest(".react-flow__node") : null;
  return node !== null && node !== target;
}

function wayTo(field: HTMLElement, surface: HTMLElement): readonly [number, number] {
  const box = field.getBoundingClientRect();
  const seen = surface.getBoundingClientRect();
  const covers = coversOf(surface);
  const [x, y] = wayIntoSight(box, seen, covers);
  return x === 0 && y === 0 ? [0, 0] : wayIntoSight(grown(box, MARGIN), seen, covers);
}

/** What lies over the canvas: its tools, and what the page shows in front of it. */
function coversOf(surface: HTMLElement): Box[] {
  const before = [...(surface.parentElement?.children ?? [])].filter((other) => other !== surface);
  const boxes = [...before.flatMap(opaqueIn), ...surface.querySelectorAll("[data-cover]")].map((cover) => cover.getBoundingClientRect());
  return boxes.filter(({ width, height }) => width > 0 && height > 0);
}

/** An element, or what is in one that only places it and lets the pointer through. */
function opaqueIn(element: Element): Element[] {
  const { display, pointerEvents } = getComputedStyle(element);
  return display === "contents" || pointerEvents === "none" ? [...element.children].flatMap(opaqueIn) : [element];
}
