/**
 * Dragging things over the canvas: what comes along, where it catches, what it would be put into.
 *
 * All that depends on the rest of the graph is worked out when a drag begins; a move costs the same
 * whether there are ten nodes or thousands. The document changes once, when it is let go.
 */
import { around, itemBoxes, itemOf, moved, onGrid, placeOf, touches, type Box, type ItemKey, type Looks } from "../model/layout/boxes";
import type { Places } from "../model/layout/arrange";
import { insertIntoWire, moveItems } from "../model/commands";
import { Courses, Ports } from "../model/wires/courses";
import type { Graph, Point } from "../model/document/document";
import { carriedBy } from "../model/layout/frames";
import { Guides, type Guide } from "../model/layout/guides";
import { isUnwired, passage } from "../model/wires/inserting";
import type { Canvassed } from "./desk";
import type { SettingsStore } from "./settings";

/** On the screen, in pixels. */
const REACH = 6;

interface Drag {
  readonly graph: Graph;
  /** Where everything that moves was, what was grabbed first. */
  readonly from: ReadonlyMap<ItemKey, Point>;
  readonly box: Box | null;
  readonly lead: ItemKey;
  readonly guides: Guides;
  readonly wires: ReadonlySet<string>;
  /** Wires that the dragged node could be put into; `null` if it could not be put into any. */
  readonly courses: Courses | null;
}

export class Moving {
  readonly #workspace: Canvassed;
  readonly #settings: SettingsStore;
  #drag: Drag | null = null;

  constructor(workspace: Canvassed, settings: SettingsStore) {
    this.#workspace = workspace;
    this.#settings = settings;
  }

  /**
   * Where the pointer wants things to be. The first call begins the drag; all things move by as
   * much as the first. `free` lets them go anywhere: neither grid nor guides hold them.
   */
  to(wanted: Places, free: boolean): void {
    this.#drag ??= this.#begin(Object.keys(wanted));
    const start = this.#drag?.from.get(this.#drag.lead);
    const goal = this.#drag && wanted[this.#drag.lead];
    if (!this.#drag || !start || !goal) return;
    const raw: Point = [goal[0] - start[0], goal[1] - start[1]];
    const { by, guides } = free ? { by: raw, guides: [] } : this.#caught(this.#drag, start, raw);
    const places = Object.fromEntries([...this.#drag.from].map(([key, [x, y]]) => [key, [x + by[0], y + by[1]] as const]));
    const target = this.#drag.box && this.#drag.courses ? this.#drag.courses.through(moved(this.#drag.box, by)) : null;
    const { wires } = this.#drag;
    this.#workspace.view.setState({ moved: places, guides, target, carried: wires.size ? { by, wires } : null });
  }

  /** Whether something is being dragged. */
  get holds(): boolean {
    return this.#drag !== null;
  }

  /** Let go: now the document changes, in one step. */
  end(): void {
    const { documents, view } = this.#workspace;
    const { moved: places, target } = view.getState();
    const drag = this.#drag;
    this.cancel();
    if (!drag) return;
    if (target === null || !this.#insert(drag, target, places)) documents.run(moveItems, places);
  }

  /** Everything is where it was. */
  cancel(): void {
    this.#drag = null;
    this.#workspace.view.setState({ moved: {}, guides: [], target: null, carried: null });
  }

  #begin(grabbed: readonly ItemKey[]): Drag | null {
    const { documents, view, types } = this.#workspace;
    const { graph } = documents;
    const { canvas } = view.getState();
    const [lead] = grabbed;
    if (lead === undefined || !types) return null;
    const boxes = itemBoxes(graph, types, looksOf(this.#workspace, this.#settings));
    const keys = withCarried(graph, grabbed, boxes);
    const from = new Map([...keys].flatMap((key) => {
      const at = placeOf(graph, key);
      return at ? [[key, at] as const] : [];
    }));
    const seen = canvas?.seen();
    const others = [...boxes].flatMap(([key, box]) => (!keys.has(key) && (!seen || touches(seen, box)) ? [box] : []));
    return {
      graph,
      from,
      lead,
      box: around([...keys].flatMap((key) => boxes.get(key) ?? [])),
      guides: new Guides(others),
      wires: knottedWires(graph, keys),
      courses: keys.size === 1 && itemOf(lead).kind === "nodes" && isUnwired(graph, lead) ? this.#insertable(graph, lead) : null,
    };
  }

  /** How far things move if grid and guides hold them; a guide is stronger than the grid. */
  #caught({ box, guides }: Drag, start: Point, raw: Point): { by: Point; guides: readonly Guide[] } {
    const { guides: wantsGuides, snapToGrid } = this.#settings.getState();
    const grid = (at: number, step: number): number => (snapToGrid ? onGrid(at + step) - at : step);
    const even: Point = [grid(start[0], raw[0]), grid(start[1], raw[1])];
    if (!wantsGuides || !box) return { by: even, guides: [] };
    const snapped = guides.snap(moved(box, raw), REACH / this.#workspace.view.getState().zoom);
    const holds = (axis: Guide["axis"]): boolean => snapped.guides.some((guide) => guide.axis === axis);
    const by: Point = [holds("x") ? raw[0] + snapped.by[0] : even[0], holds("y") ? raw[1] + snapped.by[1] : even[1]];
    return { by, guides: guides.touching(moved(box, by)) };
  }

  #insertable(graph: Graph, node: ItemKey): Courses | null {
    const { types } = this.#workspace;
    const spec = types?.spec(graph.nodes[node]?.type ?? "");
    if (!types || !spec) return null;
    const ports = new Ports(graph, types, looksOf(this.#workspace, this.#settings));
    return new Courses(graph, ports, (_, wire) => passage(graph, types, wire, spec) !== null);
  }

  #insert({ lead }: Drag, target: string, places: Places): boolean {
    const { documents, types } = this.#workspace;
    const { graph } = documents;
    const [wire, node, at] = [graph.wires[target], graph.nodes[lead], places[lead]];
    const spec = node && types?.spec(node.type);
    const way = wire && spec && types ? passage(graph, types, wire, spec) : null;
    if (!way || !at) return false;
    documents.run(insertIntoWire, { wire: target, id: lead, at, passage: way });
    return true;
  }
}

/** What is grabbed, and what stands on grabbed frames. */
export function withCarried(graph: Graph, grabbed: readonly ItemKey[], boxes: ReadonlyMap<ItemKey, Box>): Set<ItemKey> {
  const carried = grabbed.flatMap((key) => {
    const { kind, id } = itemOf(key);
    return kind === "frames" ? carriedBy(graph, id, boxes) : [];
  });
  return new Set([...grabbed, ...carried]);
}

function knottedWires(graph: Graph, keys: ReadonlySet<ItemKey>): Set<string> {
  const wires = Object.entries(graph.wires);
  return new Set(wires.flatMap(([key, { knots, from, to }]) => (knots && keys.has(from[0]) && keys.has(to[0]) ? [key] : [])));
}

/** What the sizes of a workspace's nodes depend on. */
export function looksOf({ view }: Pick<Canvassed, "view">, settings: SettingsStore): Looks {
  return { aspects: view.getState().aspects, density: settings.getState().density };
}
