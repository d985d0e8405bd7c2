import { useEffect, type RefObject } from "react";

const END = "react-flow__edgeupdater";
const COURSES = ".react-flow__edge-interaction, .react-flow__edge-path";

/**
 * The end of a wire can be taken wherever it is seen: other wires that pass over it are wide to the
 * pointer too, and which of them lies on top is chance.
 */
export function useWireEnds(surface: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const element = surface.current;
    if (!element) return;
    const hand = (event: MouseEvent): void => {
      const end = endBelow(event);
      if (!end) return;
      event.stopPropagation();
      event.preventDefault();
      end.dispatchEvent(new MouseEvent(event.type, event));
    };
    const point = (event: PointerEvent): void => {
      if (event.buttons === 0) element.toggleAttribute("data-wire-end", endBelow(event) !== undefined);
    };
    element.addEventListener("mousedown", hand, true);
    element.addEventListener("pointermove", point, { passive: true });
    return () => {
      element.removeEventListener("mousedown", hand, true);
      element.removeEventListener("pointermove", point);
    };
  }, [surface]);
}

/** The nearest end of a wire below the course of the one that is pointed at. */
function endBelow({ target, clientX, clientY }: MouseEvent): Element | undefined {
  if (!(target instanceof Element) || !target.matches(COURSES)) return undefined;
  const away = (end: Element): number => {
    const { x, y, width, height } = end.getBoundingClientRect();
    return Math.hypot(clientX - x - width / 2, clientY - y - height / 2);
  };
  const ends = document.elementsFromPoint(clientX, clientY).filter((found) => found.classList.contains(END));
  return ends.toSorted((a, b) => away(a) - away(b))[0];
}
