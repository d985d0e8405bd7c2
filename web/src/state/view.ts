/** What a person looks at: selection, panels, the enlarged picture. Not part of the document. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { NodeId, Point } from "../model/document";

/** What other parts of the page may ask of the canvas. */
export interface CanvasHandle {
  readonly fit: () => void;
  readonly zoom: (factor: number) => void;
  readonly reveal: (node: NodeId) => void;
  /** Where a thing that was not placed by hand should go. */
  readonly centre: () => Point;
  readonly pointer: () => Point;
}

export interface Enlarged {
  readonly asset: string;
  readonly name: string;
  readonly width: number | null;
  readonly height: number | null;
}

export interface ViewState {
  readonly nodes: ReadonlySet<NodeId>;
  readonly wires: ReadonlySet<string>;
  readonly enlarged: Enlarged | null;
  readonly zoom: number;
  readonly canvas: CanvasHandle | null;
  /** Which side panel is open where there is no room for both. */
  readonly panel: "library" | "activity" | null;
  readonly notice: string;
}

export type ViewStore = StoreApi<ViewState>;

export function createViewStore(): ViewStore {
  return createStore<ViewState>()(() => ({
    nodes: new Set(),
    wires: new Set(),
    enlarged: null,
    zoom: 1,
    canvas: null,
    panel: null,
    notice: "",
  }));
}

export function select(view: ViewStore, nodes: Iterable<NodeId>): void {
  view.setState({ nodes: new Set(nodes), wires: new Set() });
}
