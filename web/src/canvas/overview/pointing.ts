/**
 * Selecting, dragging and hovering over the painted graph: what xyflow does for nodes in the page.
 *
 * Whatever is not hit is left to the canvas: it pans, boxes and lassos there as everywhere.
 */
import { itemOf } from "../../model/layout/boxes";
import type { Point } from "../../model/document/document";
import { choose, select, type Hit, type ViewState } from "../../state/view";
import type { Workspace } from "../../state/workspace";
import { hitAt } from "./hits";
import type { Scenes } from "./scenes";

/** What a press was made with. */
export interface Press {
  readonly client: Point;
  readonly pointer: number;
  readonly touch: boolean;
  /** Add to the selection, or take away from it. */
  readonly more: boolean;
}

/** Moves what is dragged. */
export interface Mover {
  readonly to: (wanted: Record<string, Point>, free: boolean) => void;
  readonly end: () => void;
  readonly cancel: () => void;
}

/** On the screen, in pixels: how near a thin thing must be pointed at, and what is no drag yet. */
const REACH = 6;
const FINGER_REACH = 14;
const STILL = 3;

interface Pressed extends Press {
  readonly hit: Hit;
  /** On the canvas. */
  readonly start: Point;
  /** Where things were that a drag would move. */
  readonly from: ReadonlyMap<string, Point>;
  dragging: boolean;
}

export class Pointing {
  readonly #workspace: Workspace;
  readonly #scenes: Scenes;
  readonly #mover: Mover;
  readonly #watchers = new Set<() => void>();
  #pressed: Pressed | null = null;
  #hovered: Hit | null = null;

  constructor(workspace: Workspace, scenes: Scenes, mover: Mover) {
    this.#workspace = workspace;
    this.#scenes = scenes;
    this.#mover = mover;
  }

  /** What the pointer is over, by its id or key. */
  get hovered(): Hit | null {
    return this.#hovered;
  }

  /** Whether something of the graph is held. */
  get holds(): boolean {
    return this.#pressed !== null;
  }

  /** Call back when what is hovered changes. */
  watch(act: () => void): () => void {
    this.#watchers.add(act);
    return () => this.#watchers.delete(act);
  }

  /** What is at a place of the window. */
  at(client: Point, touch = false): Hit | null {
    const { canvas, zoom, nodes } = this.#workspace.view.getState();
    if (!canvas) return null;
    return hitAt(this.#scenes.now(), canvas.toCanvas(...client), (touch ? FINGER_REACH : REACH) / zoom, nodes);
  }

  /** Take hold of what is there. False if there is nothing to be dragged, or a finger would rather pan. */
  press(press: Press): boolean {
    const hit = this.at(press.client, press.touch);
    if (!hit || hit.kind === "wire") return false;
    const { nodes, scenery } = this.#workspace.view.getState();
    const chosen = nodes.has(hit.id) || scenery.has(hit.id);
    if (press.touch && !chosen) return false;
    const keys = chosen ? [...nodes, ...scenery] : [hit.id];
    this.#pressed = { ...press, hit, start: this.#onCanvas(press.client), from: this.#placesOf(hit.id, keys), dragging: false };
    return true;
  }

  /** `free`: neither grid nor guides hold what is dragged. */
  move(client: Point, pointer: number, free: boolean): void {
    const pressed = this.#pressed;
    if (!pressed) return this.#hover(this.at(client));
    if (pressed.pointer !== pointer) return;
    const [x, y] = [client[0] - pressed.client[0], client[1] - pressed.client[1]];
    if (!pressed.dragging && Math.hypot(x, y) <= STILL) return;
    if (!pressed.dragging) this.#choose(pressed, true);
    pressed.dragging = true;
    const here = this.#onCanvas(client);
    const by = [here[0] - pressed.start[0], here[1] - pressed.start[1]] as const;
    const wanted = [...pressed.from].map(([key, at]): [string, Point] => [key, [at[0] + by[0], at[1] + by[1]]]);
    this.#mover.to(Object.fromEntries(wanted), free);
  }

  release(pointer: number): void {
    const pressed = this.#pressed;
    if (pressed?.pointer !== pointer) return;
    this.#pressed = null;
    if (pressed.dragging) this.#mover.end();
    else this.#choose(pressed, false);
  }

  cancel(): void {
    if (this.#pressed?.dragging) this.#mover.cancel();
    this.#pressed = null;
  }

  /** A press that was left to the canvas and came to nothing: select what it hit, if anything. */
  tap(client: Point, touch: boolean, more: boolean): boolean {
    const hit = this.at(client, touch);
    if (hit) this.#choose({ hit, more }, false);
    return hit !== null;
  }

  leave(): void {
    this.#hover(null);
  }

  #onCanvas(client: Point): Point {
    return this.#workspace.view.getState().canvas?.toCanvas(...client) ?? client;
  }

  #hover(hit: Hit | null): void {
    if (hit?.id === this.#hovered?.id) return;
    this.#hovered = hit;
    for (const act of this.#watchers) act();
  }

  /** A drag of what is selected keeps the selection; all else selects what was hit. */
  #choose({ hit, more }: Pick<Pressed, "hit" | "more">, dragged: boolean): void {
    const { view } = this.#workspace;
    const state = view.getState();
    view.setState({ adding: null });
    if (dragged && (state.nodes.has(hit.id) || state.scenery.has(hit.id))) return;
    if (hit.kind === "frame" || hit.kind === "note") {
      if (!more) select(view, []);
      choose(view, hit.id, more);
    } else if (more) view.setState(toggled(state, hit));
    else if (hit.kind === "wire") view.setState({ nodes: new Set(), scenery: new Set(), wires: new Set([hit.id]) });
    else select(view, [hit.id]);
  }

  /** What is grabbed comes first: everything else moves by as much. */
  #placesOf(grabbed: string, keys: readonly string[]): Map<string, Point> {
    const { graph } = this.#workspace.documents;
    const first = keys.filter((key) => key === grabbed);
    const places = [...first, ...keys.filter((key) => key !== grabbed)].flatMap((key) => {
      const { kind, id } = itemOf(key);
      const at = graph[kind][id]?.at;
      return at ? [[key, at] as const] : [];
    });
    return new Map(places);
  }
}

function toggled(state: ViewState, { kind, id }: Hit): Partial<ViewState> {
  const name = kind === "wire" ? "wires" : "nodes";
  const chosen = new Set(state[name]);
  if (!chosen.delete(id)) chosen.add(id);
  return { [name]: chosen };
}
