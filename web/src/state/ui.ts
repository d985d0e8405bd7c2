/** What is open beside the canvas: panels, the enlarged picture, notices. The same for all documents. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Point } from "../model/document/document";
import type { Hit } from "./view";

export interface Enlarged {
  readonly asset: string;
  readonly name: string;
  readonly width: number | null;
  readonly height: number | null;
}

/** What may lie over the page, one at a time. */
export type Overlay = "palette" | "settings" | "shortcuts" | "open" | "saveAs" | "versions" | "conflict" | "sweep" | "about" | "packs" | "camera" | "crop" | "mask";

/** What leaves the page beside it as it is: what is read or chosen there can be seen and used meanwhile. */
const BESIDE: ReadonlySet<Overlay> = new Set(["settings", "shortcuts", "versions", "packs"]);

export function isBeside(overlay: Overlay | null): boolean {
  return overlay !== null && BESIDE.has(overlay);
}

/** A menu of what can be done: to what kind of thing, and where in the window it was pointed at. */
export interface MenuRequest {
  readonly on: Hit["kind"] | "canvas";
  readonly at: Point;
}

export interface UiState {
  readonly menu: MenuRequest | null;
  /** The step of the tour that is shown. */
  readonly tour: number | null;
  readonly enlarged: Enlarged | null;
  /** Which side panel is open where there is no room for both. */
  readonly panel: "library" | "activity" | null;
  readonly overlay: Overlay | null;
  /** The node and input whose picture is taken, cut or masked. */
  readonly slot: { readonly node: string; readonly port: string } | null;
  /** The list of problems is open. */
  readonly problems: boolean;
  /** How often Run runs. */
  readonly batch: number;
  /** Whether all pictures are shown. */
  readonly gallery: boolean;
  /** The sweep whose pictures are shown. */
  readonly sweep: string | null;
  /** What the lightbox goes through; without, the latest pictures. */
  readonly among: readonly Enlarged[] | null;
  /** What the enlarged picture is compared with. */
  readonly beside: Enlarged | null;
  readonly notice: string;
  /** What can be done about the notice: undo it, open what it speaks of. */
  readonly remedy: Remedy | null;
}

export interface Remedy {
  readonly label: string;
  readonly run: () => void;
}

export type UiStore = StoreApi<UiState>;

export function createUiStore(): UiStore {
  const store = createStore<UiState>()(() => ({
    menu: null,
    tour: null,
    enlarged: null,
    panel: null,
    overlay: null,
    slot: null,
    problems: false,
    batch: 1,
    gallery: false,
    sweep: shownSweep.read(),
    among: null,
    beside: null,
    notice: "",
    remedy: null,
  }));
  store.subscribe(({ sweep }, before) => {
    if (sweep !== before.sweep) shownSweep.keep(sweep);
  });
  return store;
}

/** The sweep that this tab of the browser shows, so that it is there again after a reload. */
const shownSweep = {
  read(): string | null {
    try {
      return sessionStorage.getItem("wirebrush.sweep");
    } catch {
      return null;
    }
  },

  keep(sweep: string | null): void {
    try {
      if (sweep === null) sessionStorage.removeItem("wirebrush.sweep");
      else sessionStorage.setItem("wirebrush.sweep", sweep);
    } catch {
      // full or forbidden: then it is opened from the queue
    }
  },
};
