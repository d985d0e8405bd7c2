/** Where all wires of a graph run, found by place: asked on every move of a drag. */
import { around, boxAt, grown, nodeLayout, touches, type Box, type Looks } from "../layout/boxes";
import type { Catalog } from "../catalog/catalog";
import type { Graph, NodeId, Point, PortRef, Wire } from "../document/document";
import type { Layout } from "../layout/geometry";
import { crosses, curvesBox, nearness, wireCurves, type Curve } from "./wirepath";

/** How far a port stands out of its node: wires end at its outer edge. */
const REACH = 6;

/** Where ports are, each node's layout computed once. */
export class Ports {
  readonly #graph: Graph;
  readonly #catalog: Catalog;
  readonly #looks: Looks | undefined;
  readonly #layouts = new Map<NodeId, Layout>();

  constructor(graph: Graph, catalog: Catalog, looks?: Looks) {
    this.#graph = graph;
    this.#catalog = catalog;
    this.#looks = looks;
  }

  output(port: PortRef): Point | null {
    const node = this.#graph.nodes[port[0]];
    const layout = this.#layout(port[0]);
    const place = layout?.outputs.find((item) => item.port.name === port[1]) ?? byIndex(layout?.outputs, port[1]);
    return node && layout && place ? [node.at[0] + layout.width + REACH, node.at[1] + place.y] : null;
  }

  input(port: PortRef): Point | null {
    const node = this.#graph.nodes[port[0]];
    const layout = this.#layout(port[0]);
    const place =
      layout?.inputs.find((item) => item.port.name === port[1]) ?? layout?.widgets.find((item) => item.port.name === port[1]);
    return node && place ? [node.at[0] - REACH, node.at[1] + place.y] : null;
  }

  /** The course of a wire; none if one of its ports is not there. */
  course(wire: Wire): Curve[] {
    const from = this.output(wire.from);
    const to = this.input(wire.to);
    return from && to ? wireCurves(from, wire.knots ?? [], to) : [];
  }

  #layout(id: NodeId): Layout | undefined {
    const made = this.#layouts.get(id) ?? nodeLayout(this.#graph, this.#catalog, id, this.#looks);
    if (made) this.#layouts.set(id, made);
    return made;
  }
}

function byIndex<T>(places: readonly T[] | undefined, name: string): T | undefined {
  return name.startsWith("#") ? places?.[Number(name.slice(1))] : undefined;
}

/** Side of the squares that wires are sorted into. */
const CELL = 440;

interface Course {
  readonly wire: string;
  readonly curves: readonly Curve[];
  readonly box: Box;
}

export class Courses {
  readonly #cells = new Map<string, Course[]>();

  /** `wanted` leaves out wires that are of no interest. */
  constructor(graph: Graph, ports: Ports, wanted: (key: string, wire: Wire) => boolean = () => true) {
    for (const [key, wire] of Object.entries(graph.wires)) {
      if (!wanted(key, wire)) continue;
      const curves = ports.course(wire);
      if (curves.length) this.#put({ wire: key, curves, box: curvesBox(curves) });
    }
  }

  /** The wire nearest to a point within a distance. */
  at(point: Point, within: number): string | null {
    let best: string | null = null;
    let least = within;
    for (const { wire, curves } of this.#near(grown(boxAt(point, [0, 0]), within))) {
      const { distance } = nearness(curves, point);
      if (distance <= least) [best, least] = [wire, distance];
    }
    return best;
  }

  /** The wire that passes nearest to the middle of a box, among those that pass through it. */
  through(box: Box): string | null {
    const middle: Point = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
    const sides: Point[] = [
      [box.left, box.top],
      [box.right, box.top],
      [box.right, box.bottom],
      [box.left, box.bottom],
      [box.left, box.top],
    ];
    let best: string | null = null;
    let least = Infinity;
    for (const { wire, curves } of this.#near(box)) {
      const { distance } = nearness(curves, middle);
      const inside = distance < Math.min(box.right - box.left, box.bottom - box.top) / 2;
      if (distance < least && (inside || crosses(curves, sides))) [best, least] = [wire, distance];
    }
    return best;
  }

  /** All wires that a stroke crosses. */
  cut(stroke: readonly Point[]): string[] {
    const all = around(stroke.map((point) => boxAt(point, [0, 0])));
    if (!all) return [];
    return this.#near(all).flatMap(({ wire, curves }) => (crosses(curves, stroke) ? [wire] : []));
  }

  #put(course: Course): void {
    for (const cell of cells(course.box)) {
      const there = this.#cells.get(cell);
      if (there) there.push(course);
      else this.#cells.set(cell, [course]);
    }
  }

  #near(box: Box): Course[] {
    const found = new Set<Course>();
    for (const cell of cells(box)) for (const course of this.#cells.get(cell) ?? []) if (touches(course.box, box)) found.add(course);
    return [...found];
  }
}

function cells({ left, top, right, bottom }: Box): string[] {
  const found: string[] = [];
  for (let x = Math.floor(left / CELL); x <= Math.floor(right / CELL); x++)
    for (let y = Math.floor(top / CELL); y <= Math.floor(bottom / CELL); y++) found.push(`${x},${y}`);
  return found;
}
