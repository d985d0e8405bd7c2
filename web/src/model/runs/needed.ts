/** What a run of the flat graph would take: which nodes it needs, and which every run computes anew. */
import { outputOf, type Catalog, type NodeSpec } from "../catalog/catalog";
import { wireKey, type PortRef, type Wire } from "../document/document";
import type { FlatGraph } from "../subgraphs/flatten";
import { wiringOf } from "../document/wiring";

/** The nodes that a run needs: the sinks and all above them, without what is muted or bypassed. */
export function neededNodes(flat: FlatGraph, catalog: Catalog): Set<string> {
  const sources = new Sources(flat, catalog);
  const left = sources.leftOut();
  const runs = (id: string): boolean => !flat.nodes[id]?.mode && !left.has(id);
  const ahead = Object.entries(flat.nodes).flatMap(([id, { type }]) => (runs(id) && catalog.spec(type)?.sink ? [id] : []));
  const found = new Set<string>();
  for (let id = ahead.pop(); id !== undefined; id = ahead.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    for (const { source } of sources.of(id)) if (source && runs(source[0])) ahead.push(source[0]);
  }
  return found;
}

/** Nodes that get a new seed with every run, so that their results are never there. */
function seedsDrawn(flat: FlatGraph): string[] {
  return Object.entries(flat.nodes)
    .filter(([id, { controls = {} }]) =>
      Object.entries(controls).some(([port, control]) => control !== "fixed" && !(wireKey([id, port]) in flat.wires)),
    )
    .map(([id]) => id);
}

/** What every run computes: nodes that get a new seed for it or never keep their results, and all that need them. */
export function computedAnew(flat: FlatGraph, catalog: Catalog | null): Set<string> {
  const never = Object.entries(flat.nodes).flatMap(([id, { type }]) => (catalog?.spec(type)?.cache === "never" ? [id] : []));
  return nodesBelow(flat, [...seedsDrawn(flat), ...never]);
}

/** These nodes and all that need them. */
export function nodesBelow(flat: FlatGraph, from: Iterable<string>): Set<string> {
  const { outOf } = wiringOf(flat.wires);
  const found = new Set<string>();
  const ahead = [...from];
  for (let node = ahead.pop(); node !== undefined; node = ahead.pop()) {
    if (found.has(node)) continue;
    found.add(node);
    for (const wire of outOf.get(node) ?? []) ahead.push(wire.to[0]);
  }
  return found;
}

/** What really arrives at the inputs of nodes: bypassed ones are seen through (as `compile.py` does). */
class Sources {
  readonly #flat: FlatGraph;
  readonly #catalog: Catalog;
  readonly #into: ReadonlyMap<string, readonly Wire[]>;

  constructor(flat: FlatGraph, catalog: Catalog) {
    this.#flat = flat;
    this.#catalog = catalog;
    this.#into = wiringOf(flat.wires).into;
  }

  /** Each wired input with what arrives at it; `null` if nothing does. */
  of(id: string): { readonly port: string; readonly source: PortRef | null }[] {
    return (this.#into.get(id) ?? []).map(({ from, to }) => ({ port: to[1], source: this.#behind(from) }));
  }

  /** The nodes that cannot run because something that they need does not. */
  leftOut(): Set<string> {
    const nodes = Object.entries(this.#flat.nodes);
    if (!nodes.some(([, { mode }]) => mode)) return new Set();
    const users = new Map<string, string[]>();
    const gone = new Set<string>();
    for (const [id, { mode }] of nodes) {
      for (const { port, source } of mode ? [] : this.of(id)) {
        if (!this.#needs(id, port)) continue;
        if (!source) gone.add(id);
        else users.set(source[0], [...(users.get(source[0]) ?? []), id]);
      }
    }
    for (const id of gone) for (const user of users.get(id) ?? []) gone.add(user); // a set grows while it is read
    return gone;
  }

  #behind(start: PortRef): PortRef | null {
    const passed = new Set<string>();
    let ref: PortRef | null = start;
    while (ref) {
      const node: FlatGraph["nodes"][string] | undefined = this.#flat.nodes[ref[0]];
      if (!node?.mode) return ref;
      if (node.mode === "mute" || passed.has(wireKey(ref))) return null;
      passed.add(wireKey(ref));
      const port: string | undefined = counterpart(this.#catalog.spec(node.type), ref[1]);
      ref = port === undefined ? null : (this.#flat.wires[wireKey([ref[0], port])]?.from ?? null);
    }
    return null;
  }

  #needs(id: string, name: string): boolean {
    const node = this.#flat.nodes[id];
    if (!node || Object.hasOwn(node.values, name)) return false;
    const spec = this.#catalog.spec(node.type);
    const port = spec?.inputs.find((input) => input.name === name);
    return port ? !port.optional && port.default === undefined : !spec;
  }
}

/** The input that stands for an output of a bypassed node: the k-th of its type, else the first that fits. */
function counterpart(spec: NodeSpec | undefined, name: string): string | undefined {
  const output = outputOf(spec, name);
  if (!spec || !output) return undefined;
  const same = spec.inputs.filter(({ type }) => type === output.type);
  const rank = spec.outputs.slice(0, spec.outputs.indexOf(output)).filter(({ type }) => type === output.type).length;
  const fitting = spec.inputs.find(({ type, widget }) => !widget && (type === "*" || type.split(",").includes(output.type)));
  return (same[rank] ?? same[0] ?? fitting)?.name;
}
