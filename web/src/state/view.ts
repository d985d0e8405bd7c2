/** What a person does on one canvas: selection, drags, where the view is. Not part of the document. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Box, ItemKey } from "../model/layout/boxes";
import type { NodeId, Point, PortRef } from "../model/document/document";
import type { Guide } from "../model/layout/guides";

/** A thing on the canvas. Frames and notes go by their keys. */
export interface Hit {
  readonly kind: "node" | "wire" | "frame" | "note";
  readonly id: string;
}

/** What other parts of the page may ask of the canvas. */
export interface CanvasHandle {
  /** Show the whole graph. */
  readonly fit: () => void;
  /** Show a document that was just opened. */
  readonly opened: () => void;
  readonly zoom: (factor: number) => void;
  readonly reveal: (node: NodeId) => void;
  /** Come so near to a thing that it can be read. */
  readonly approach: (key: ItemKey) => void;
  /** What is at a place of the window, whether it is in the page or painted; `null`: the empty canvas. */
  readonly hit: (clientX: number, clientY: number) => Hit | null;
  /** Where a thing that was not placed by hand should go. */
  readonly centre: () => Point;
  /** Where the pointer is; the middle of what is in sight as long as it was nowhere on the canvas. */
  readonly pointer: () => Point;
  /** The part of the canvas that is in sight. */
  readonly seen: () => Box;
  /** Where a place of the window is on the canvas, not held by the grid. */
  readonly toCanvas: (clientX: number, clientY: number) => Point;
  /** The same on the grid. */
  readonly snapped: (clientX: number, clientY: number) => Point;
  /** Where a place of the canvas is in the window. */
  readonly toScreen: (at: Point) => Point;
  /** Give a node the keyboard, and bring it into sight if it is not, unless the view is to stay. */
  readonly focus: (node: NodeId, stay?: boolean) => void;
}

/** A wire being drawn: the port it starts at. */
export interface Connecting {
  readonly node: NodeId;
  readonly port: string;
  readonly side: "output" | "input";
  readonly type: string;
  /** Nodes that it must not reach, because that would close a circle. */
  readonly closes?: ReadonlySet<NodeId>;
}

/** What dragging on the empty canvas does, once: then the pointer is a pointer again. */
export type Tool = "pointer" | "lasso" | "knife";

/** The menu that adds a node: where it appears, where the node goes, what it is to be wired to. */
export interface Adding {
  readonly screen: Point;
  /** `null`: wherever there is room. */
  readonly at: Point | null;
  readonly wire: Connecting | null;
}

export interface ViewState {
  readonly nodes: ReadonlySet<NodeId>;
  readonly wires: ReadonlySet<string>;
  /** Frames and notes that are selected, by their keys. */
  readonly scenery: ReadonlySet<ItemKey>;
  /** The node, frame or note whose words are being edited. */
  readonly renaming: ItemKey | null;
  /** Where dragged things are until they are let go: only then does the document change. */
  readonly moved: Readonly<Record<ItemKey, Point>>;
  /** Wires whose knots go along with a drag, and how far. */
  readonly carried: { readonly by: Point; readonly wires: ReadonlySet<string> } | null;
  /** A knot that is being dragged. */
  readonly knot: { readonly wire: string; readonly index: number; readonly at: Point } | null;
  /** What a dragged thing is in line with. */
  readonly guides: readonly Guide[];
  readonly tool: Tool;
  /** Wiring by keyboard: the node whose ports are listed, then the port whose partners are. */
  readonly wiring: { readonly node: NodeId; readonly from: Connecting | null } | null;
  /** The colours are shown, for what is selected. */
  readonly coloring: boolean;
  /** Keys that came one soon after the other and are one step. */
  readonly burst: { readonly name: string; readonly at: number };
  /** What a screen reader says: what a key or a gesture did. */
  readonly said: string;
  /** The node type that is being dragged out of the library. */
  readonly placing: string | null;
  /** The wire that what is dragged would be put into. */
  readonly target: string | null;
  /** The field that was pointed at or had the keyboard last. */
  readonly field: PortRef | null;
  /** That field is to get the keyboard as soon as it is there. */
  readonly focusing: boolean;
  readonly connecting: Connecting | null;
  /** Why the wire being drawn cannot end where the pointer is. */
  readonly refusal: string;
  readonly adding: Adding | null;
  /** Height by width of pictures on nodes, known once they are loaded. */
  readonly aspects: Readonly<Record<NodeId, number>>;
  readonly zoom: number;
  /** Where the view was when the canvas was last left, so that a tab is found again as it was. */
  readonly viewport: { readonly x: number; readonly y: number; readonly zoom: number } | null;
  readonly canvas: CanvasHandle | null;
}

export type ViewStore = StoreApi<ViewState>;

export function createViewStore(): ViewStore {
  return createStore<ViewState>()(() => ({
    nodes: new Set(),
    wires: new Set(),
    scenery: new Set(),
    renaming: null,
    moved: {},
    carried: null,
    knot: null,
    guides: [],
    tool: "pointer",
    wiring: null,
    coloring: false,
    burst: { name: "", at: 0 },
    said: "",
    placing: null,
    target: null,
    field: null,
    focusing: false,
    connecting: null,
    refusal: "",
    adding: null,
    aspects: {},
    zoom: 1,
    viewport: null,
    canvas: null,
  }));
}

/** What belongs to one canvas and ends when another is opened. */
export const NOTHING_CHOSEN = {
  nodes: new Set<NodeId>(),
  wires: new Set<string>(),
  scenery: new Set<ItemKey>(),
  renaming: null,
  moved: {},
  connecting: null,
  refusal: "",
  adding: null,
  field: null,
} satisfies Partial<ViewState>;

export function select(view: ViewStore, nodes: Iterable<NodeId>): void {
  view.setState({ nodes: new Set(nodes), wires: new Set(), scenery: new Set() });
}

/** Let a screen reader say what was done. */
export function say(view: ViewStore, words: string): void {
  view.setState(({ said }) => ({ said: said === words ? `${words}\u00a0` : words }));
}

/** Select one frame or note alone, or with what is selected already. */
export function choose(view: ViewStore, key: ItemKey, more: boolean): void {
  view.setState(({ nodes, wires, scenery }) => {
    if (!more) return scenery.has(key) ? {} : { nodes: new Set(), wires: new Set(), scenery: new Set([key]) };
    const others = [...scenery].filter((item) => item !== key);
    return { nodes, wires, scenery: new Set(scenery.has(key) ? others : [...others, key]) };
  });
}

/** Select nothing, and close the menu that adds nodes. */
export function unselect(view: ViewStore): void {
  view.setState({ nodes: new Set(), wires: new Set(), scenery: new Set(), adding: null });
}
