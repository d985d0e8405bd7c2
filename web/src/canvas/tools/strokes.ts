/** Gestures drawn over the canvas: a box or a line around things, a line that cuts wires. */
import { boxAt, holds, isNodeKey, itemBoxes, itemOf, touches, type Box, type ItemKey } from "../../model/layout/boxes";
import { Courses, Ports } from "../../model/wires/courses";
import { disconnect } from "../../model/commands";
import type { Point } from "../../model/document/document";
import { lassoed } from "../../model/selection/selecting";
import type { SettingsStore } from "../../state/settings";
import { looksOf } from "../../state/moving";
import type { Workspace } from "../../state/workspace";

export type Stroke = "box" | "lasso" | "knife";

/** What is selected, as a view keeps it. */
interface Choice {
  readonly nodes: ReadonlySet<string>;
  readonly scenery: ReadonlySet<ItemKey>;
}

/** A box or a lasso being drawn. What is in sight is looked up once; a move asks only that. */
export class Choosing {
  readonly #workspace: Workspace;
  readonly #boxes: ReadonlyMap<ItemKey, Box>;
  readonly #before: Choice;

  /** With `more`, what is selected stays selected. */
  constructor(workspace: Workspace, settings: SettingsStore, more: boolean) {
    const { view, documents, types } = workspace;
    const { nodes, scenery, canvas } = view.getState();
    const seen = canvas?.seen();
    const boxes = types ? itemBoxes(documents.graph, types, looksOf(workspace, settings)) : new Map<ItemKey, Box>();
    this.#workspace = workspace;
    this.#boxes = new Map([...boxes].filter(([, box]) => !seen || touches(seen, box)));
    this.#before = more ? { nodes, scenery } : { nodes: new Set(), scenery: new Set() };
  }

  /** All that a box touches; of frames those that are wholly in it, else none could be drawn inside one. */
  inBox([ax, ay]: Point, [bx, by]: Point): void {
    const box = boxAt([Math.min(ax, bx), Math.min(ay, by)], [Math.abs(bx - ax), Math.abs(by - ay)]);
    const hit = [...this.#boxes].filter(([key, item]) => (itemOf(key).kind === "frames" ? holds(box, item) : touches(box, item)));
    this.#choose(hit.map(([key]) => key));
  }

  inLine(line: readonly Point[]): void {
    this.#choose(lassoed(this.#boxes, line));
  }

  #choose(keys: readonly ItemKey[]): void {
    const nodes = new Set([...this.#before.nodes, ...keys.filter(isNodeKey)]);
    const scenery = new Set([...this.#before.scenery, ...keys.filter((key) => !isNodeKey(key))]);
    const { view } = this.#workspace;
    const now = view.getState();
    if (!same(now.nodes, nodes) || !same(now.scenery, scenery)) view.setState({ nodes, scenery, wires: new Set() });
  }
}

/** Delete the wires that a line crosses, in one step. How many there were. */
export function cut(workspace: Workspace, settings: SettingsStore, line: readonly Point[]): number {
  const { documents, types } = workspace;
  const { graph } = documents;
  if (!types) return 0;
  const wires = new Courses(graph, new Ports(graph, types, looksOf(workspace, settings))).cut(line);
  if (wires.length) documents.run(disconnect, { wires });
  return wires.length;
}

function same(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((item) => b.has(item));
}
