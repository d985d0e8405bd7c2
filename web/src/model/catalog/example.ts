/** A small workflow that shows a node at work: the part of a shipped one that it stands in, or one made up. */
import { accepts, defaultValues, type Catalog, type NodeSpec } from "./catalog";
import { upstream } from "../wires/connect";
import { wireKey, type Graph, type NodeId, type Wire, type WorkflowNode } from "../document/document";

export type Example = Pick<Graph, "nodes" | "wires">;

/** The part of a workflow that a node of a type needs, and one way from it to something that is shown. */
export function exampleWithin(graph: Graph, catalog: Catalog, type: string): Example | null {
  const places = Object.keys(graph.nodes).filter((id) => catalog.spec(graph.nodes[id]?.type ?? "")?.id === type);
  const parts = places.map((id) => upstream(graph, wayToSink(graph, catalog, id)));
  const smallest = parts.toSorted((a, b) => a.size - b.size)[0];
  if (!smallest) return null;
  const nodes = Object.fromEntries(Object.entries(graph.nodes).filter(([id]) => smallest.has(id)));
  const wires = Object.entries(graph.wires).filter(([, { from, to }]) => smallest.has(from[0]) && smallest.has(to[0]));
  return { nodes, wires: Object.fromEntries(wires) };
}

/** The nodes from one to the nearest that shows or keeps something. */
function wayToSink(graph: Graph, catalog: Catalog, start: NodeId): NodeId[] {
  const below = Map.groupBy(Object.values(graph.wires), ({ from }) => from[0]);
  const ways: NodeId[][] = [[start]];
  const seen = new Set<NodeId>([start]);
  for (let way = ways.shift(); way; way = ways.shift()) {
    const last = way.at(-1) ?? start;
    if (catalog.spec(graph.nodes[last]?.type ?? "")?.sink) return way;
    for (const { to } of below.get(last) ?? []) {
      if (seen.has(to[0])) continue;
      seen.add(to[0]);
      ways.push([...way, to[0]]);
    }
  }
  return [start];
}

/** A workflow made up around a type: cheapest nodes for what it needs, and something that shows what it gives. */
export function exampleOf(spec: NodeSpec, catalog: Catalog, prompt: string): Example {
  return new Maker(catalog, prompt).make(spec);
}

interface Source {
  readonly id: NodeId;
  readonly output: string;
}

/** Stands for "there is no way to get this". */
const NO_WAY = Number.POSITIVE_INFINITY;

class Maker {
  readonly #types: readonly NodeSpec[];
  readonly #prompt: string;
  /** How many nodes it takes to have a value of a port's type. */
  readonly #costs: ReadonlyMap<string, number>;
  readonly #nodes: Record<NodeId, WorkflowNode> = {};
  readonly #wires: Record<string, Wire> = {};
  /** Nodes that are whole: one loader serves all. */
  readonly #made = new Map<NodeId, NodeSpec>();

  constructor(catalog: Catalog, prompt: string) {
    this.#types = catalog.types().filter((spec) => !spec.deprecated && !spec.experimental && !spec.dynamic && !spec.effects);
    this.#prompt = prompt;
    this.#costs = costsOf(this.#types);
  }

  make(spec: NodeSpec): Example {
    this.#show(spec, this.#node(spec));
    return { nodes: this.#nodes, wires: this.#wires };
  }

  /** A node with everything it needs before it. */
  #node(spec: NodeSpec): NodeId {
    const id = String(Object.keys(this.#nodes).length + 1);
    this.#nodes[id] = { type: spec.id, at: [0, 0], values: this.#values(spec) };
    const used = new Set<string>();
    for (const port of needs(spec)) {
      const source = this.#there(port.type, used) ?? this.#fresh(port.type);
      if (!source) continue;
      used.add(`${source.id} ${source.output}`);
      this.#wire([source.id, source.output], [id, port.name]);
    }
    // Only now: what it needs must not come from itself.
    this.#made.set(id, spec);
    return id;
  }

  /** Go on until something is shown. */
  #show(spec: NodeSpec, id: NodeId): void {
    if (spec.sink) return;
    for (const { name, type } of spec.outputs) {
      const way = this.#wayToSink(type);
      if (!way) continue;
      let from: readonly [NodeId, string] = [id, name];
      let given = type;
      for (const next of way) {
        const made = this.#next(next, from, given);
        from = [made, next.outputs[0]?.name ?? ""];
        given = next.outputs[0]?.type ?? "";
      }
      return;
    }
  }

  /** A node that takes what is given, and what else it needs. */
  #next(spec: NodeSpec, from: readonly [NodeId, string], given: string): NodeId {
    const id = this.#node(spec);
    const port = spec.inputs.find((input) => !input.widget && accepts(input.type, given));
    if (port) this.#wire(from, [id, port.name]);
    return id;
  }

  #wayToSink(type: string): readonly NodeSpec[] | null {
    const ways: { readonly type: string; readonly way: readonly NodeSpec[] }[] = [{ type, way: [] }];
    const seen = new Set([type]);
    for (let ahead = ways.shift(); ahead; ahead = ways.shift()) {
      const given = ahead.type;
      const takers = this.#types.filter((spec) => spec.inputs.some((port) => !port.widget && port.type !== "*" && accepts(port.type, given)) && priceOf(spec, this.#costs, given) < NO_WAY);
      const sink = takers.filter((spec) => spec.sink).toSorted((a, b) => shows(b) - shows(a))[0];
      if (sink) return [...ahead.way, sink];
      for (const spec of takers.toSorted((a, b) => priceOf(a, this.#costs, given) - priceOf(b, this.#costs, given))) {
        const next = spec.outputs[0]?.type;
        if (next === undefined || seen.has(next)) continue;
        seen.add(next);
        ways.push({ type: next, way: [...ahead.way, spec] });
      }
    }
    const any = this.#types.find((spec) => spec.sink && spec.inputs.some((port) => !port.widget && port.type === "*"));
    return any ? [any] : null;
  }

  /** An output that is there already; not twice for one node, or both its texts would say the same. */
  #there(type: string, used: ReadonlySet<string>): Source | null {
    for (const [id, spec] of this.#made)
      for (const output of spec.outputs)
        if (output.type !== "*" && accepts(type, output.type) && !used.has(`${id} ${output.name}`)) return { id, output: output.name };
    return null;
  }

  /** A new node that gives such a value, the one that needs least. */
  #fresh(type: string): Source | null {
    let best: { readonly spec: NodeSpec; readonly output: string; readonly cost: number } | null = null;
    for (const spec of this.#types)
      for (const output of spec.outputs) {
        if (output.type === "*" || !accepts(type, output.type)) continue;
        const cost = priceOf(spec, this.#costs);
        if (cost < (best?.cost ?? NO_WAY)) best = { spec, output: output.name, cost };
      }
    return best && { id: this.#node(best.spec), output: best.output };
  }

  #wire(from: readonly [NodeId, string], to: readonly [NodeId, string]): void {
    this.#wires[wireKey(to)] = { from, to };
  }

  #values(spec: NodeSpec): WorkflowNode["values"] {
    const values = defaultValues(spec);
    const prompt = spec.inputs.find(({ widget }) => widget?.kind === "text" && widget.multiline);
    return prompt && !values[prompt.name] ? { ...values, [prompt.name]: this.#prompt } : values;
  }
}

function needs(spec: NodeSpec): NodeSpec["inputs"] {
  return spec.inputs.filter((port) => !port.widget && !port.optional && port.default === undefined);
}

function priceOf(spec: NodeSpec, costs: ReadonlyMap<string, number>, given?: string): number {
  return needs(spec)
    .filter(({ type }) => given === undefined || !accepts(type, given))
    .reduce((sum, { type }) => sum + (costs.get(type) ?? NO_WAY), ownCost(spec));
}

/** A node that wants a file of which there is none is no way to an example that runs. */
function ownCost(spec: NodeSpec): number {
  return spec.inputs.some(({ widget }) => widget?.kind === "file" && !widget.choices?.length) ? FILE_MISSING : 1;
}

const FILE_MISSING = 20;

/** Looking costs nothing and leaves nothing behind. */
function shows(spec: NodeSpec): number {
  return Number(spec.id.startsWith("Preview"));
}

/** How many nodes each port type takes at least, computed until nothing gets cheaper. */
function costsOf(types: readonly NodeSpec[]): ReadonlyMap<string, number> {
  const wanted = new Set(types.flatMap((spec) => needs(spec).map(({ type }) => type)));
  const costs = new Map<string, number>();
  for (let cheaper = true; cheaper; ) {
    cheaper = false;
    for (const spec of types) {
      const price = priceOf(spec, costs);
      if (price === NO_WAY) continue;
      for (const type of wanted) {
        if (price >= (costs.get(type) ?? NO_WAY) || !spec.outputs.some((output) => output.type !== "*" && accepts(type, output.type))) continue;
        costs.set(type, price);
        cheaper = true;
      }
    }
  }
  return costs;
}
