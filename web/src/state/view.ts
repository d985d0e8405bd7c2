/** What a person does on one canvas: selection, drags, where the view is. Not part of the document. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { NodeId, Point } from "../model/document";

/** What other parts of the page may ask of the canvas. */
export interface CanvasHandle {
  /** Show the whole graph. */
  readonly fit: () => void;
  /** Show a document that was just opened. */
  readonly opened: () => void;
  readonly zoom: (factor: number) => void;
  readonly reveal: (node: NodeId) => void;
  /** Where a thing that was not placed by hand should go. */
  readonly centre: () => Point;
  readonly pointer: () => Point;
}

/** A wire being drawn: the port it starts at. */
export interface Connecting {
  readonly node: NodeId;
  readonly port: string;
  readonly side: "output" | "input";
  readonly type: string;
}

/** The menu that adds a node: where it appears, where the node goes, what it is to be wired to. */
export interface Adding {
  readonly screen: Point;
  readonly at: Point;
  readonly wire: Connecting | null;
}

export interface ViewState {
  readonly nodes: ReadonlySet<NodeId>;
  readonly wires: ReadonlySet<string>;
  /** The node whose title is being edited. */
  readonly renaming: NodeId | null;
  /** Where dragged nodes are until they are let go: only then does the document change. */
  readonly moved: Readonly<Record<NodeId, Point>>;
  readonly connecting: Connecting | null;
  /** Why the wire being drawn cannot end where the pointer is. */
  readonly refusal: string;
  readonly adding: Adding | null;
  /** Height by width of pictures on nodes, known once they are loaded. */
  readonly aspects: Readonly<Record<NodeId, number>>;
  readonly zoom: number;
  readonly canvas: CanvasHandle | null;
}

export type ViewStore = StoreApi<ViewState>;

export function createViewStore(): ViewStore {
  return createStore<ViewState>()(() => ({
    nodes: new Set(),
    wires: new Set(),
    renaming: null,
    moved: {},
    connecting: null,
    refusal: "",
    adding: null,
    aspects: {},
    zoom: 1,
    canvas: null,
  }));
}

export function select(view: ViewStore, nodes: Iterable<NodeId>): void {
  view.setState({ nodes: new Set(nodes), wires: new Set() });
}
