/** The tour's five stops: what each shows, and its words `tour.<name>` and `tour.<name>.text`. */
export interface TourStep {
  readonly name: "library" | "canvas" | "run" | "activity" | "menu";
  /** Elements it may stand beside; the first that can be seen is taken. */
  readonly beside: string;
  readonly side: "bottom" | "left" | "right";
  /** It stands in the upper part of what it speaks of. */
  readonly inside?: boolean;
}

export const TOUR: readonly TourStep[] = [
  { name: "canvas", beside: "main", side: "bottom", inside: true },
  { name: "library", beside: "nav, [data-tour=library]", side: "right" },
  { name: "run", beside: "[data-tour=run]", side: "bottom" },
  { name: "activity", beside: "aside, [data-tour=activity]", side: "left" },
  { name: "menu", beside: "[data-tour=menu]", side: "bottom" },
];

/** No further down than so many pixels is the middle of what a stop points at: it stands at the top of a panel. */
const POINTED = 32;

/** Where a step stands: its anchor, `null` if nothing of it can be seen, and the side of it. Below what is in the top bar. */
export function placeOf(step: TourStep): { readonly anchor: Anchor | null; readonly side: TourStep["side"] } {
  const beside = besideOf(step);
  const side = beside?.closest("header") ? "bottom" : step.side;
  if (!beside || step.inside) return { anchor: beside, side };
  return { anchor: { contextElement: beside, getBoundingClientRect: () => topOf((besideOf(step) ?? beside).getBoundingClientRect()) }, side };
}

type Anchor = Element | { readonly contextElement: Element; readonly getBoundingClientRect: () => DOMRect };

function topOf({ x, y, width, height }: DOMRect): DOMRect {
  return new DOMRect(x, y, width, Math.min(height, 2 * POINTED));
}

/** What a step stands beside now; `null` if it cannot be seen. */
function besideOf({ beside }: TourStep): Element | null {
  const found = [...document.querySelectorAll(beside)].filter((element) => isInWindow(element));
  // Of several kinds the one that is named first is wanted.
  return beside.split(",").map((kind) => found.find((element) => element.matches(kind))).find(Boolean) ?? null;
}

function isInWindow(element: Element): boolean {
  const { left, top, right, bottom, width } = element.getBoundingClientRect();
  return width > 0 && right > 0 && bottom > 0 && left < innerWidth && top < innerHeight && element.checkVisibility({ visibilityProperty: true });
}
