/**
 * The graph that runs: instances of subgraphs unfolded, inner nodes called `12/3`, as the server
 * makes it (`server/wirebrush/graph/flatten.py`; both read the cases in `tests/graph/flat`).
 *
 * A muted or bypassed instance stays as one node, because nothing inside it runs.
 */
import { INPUTS, isBorder, OUTPUTS } from "./border";
import { definitionAt, graphAt, subgraphOf, wireKey, type Document, type Graph, type Json, type NodeId, type PortRef, type SeedControl, type Subgraph, type Wire, type WorkflowNode } from "../document/document";

export interface FlatGraph {
  /** By run id. Values and controls are those that hold: the outermost instance has the last word. */
  readonly nodes: Readonly<Record<string, WorkflowNode>>;
  /** Between real nodes, by `wireKey`. */
  readonly wires: Readonly<Record<string, Wire>>;
  /** The nodes inside each unfolded instance, as deep as they go; all by run id. */
  readonly instances: ReadonlyMap<string, readonly string[]>;
}

/** As many nodes as the server takes: a short text can mean a great many. */
const MOST_NODES = 20_000;
const NONE: FlatGraph["instances"] = new Map();

/** All nodes and wires of a document with its instances unfolded. */
export function flatten(document: Document): FlatGraph {
  if (!Object.values(document.nodes).some(({ type }) => subgraphOf(type) !== null))
    return { nodes: document.nodes, wires: document.wires, instances: NONE };
  const unfolding = new Unfolding(document);
  return { nodes: unfolding.nodes(), wires: unfolding.wires(), instances: unfolding.instances };
}

interface Overrides {
  readonly values: Map<string, Json>;
  /** `null`: the value stands as it is. */
  readonly controls: Map<string, SeedControl | null>;
}

/** A graph that is being unfolded: the document's own, or the inside of one instance. */
interface Level {
  /** What the names of its nodes start with: `12/` inside instance 12. */
  readonly prefix: string;
  /** The instance, by its id in the level above. */
  readonly instance: NodeId;
  readonly graph: Graph;
  readonly above: Level | null;
  /** The definitions around it. */
  readonly chain: readonly string[];
  readonly overrides: ReadonlyMap<NodeId, Overrides>;
  readonly inner: Map<NodeId, Level>;
}

class Unfolding {
  readonly instances = new Map<string, string[]>();
  readonly #document: Document;
  readonly #levels: Level[] = [];
  readonly #nodes = new Map<string, WorkflowNode>();

  constructor(document: Document) {
    this.#document = document;
  }

  nodes(): FlatGraph["nodes"] {
    const stack: Level[] = [
      { prefix: "", instance: "", graph: this.#document, above: null, chain: [], overrides: new Map(), inner: new Map() },
    ];
    for (let level = stack.pop(); level; level = stack.pop()) {
      this.#levels.push(level);
      this.#takeNodes(level);
      if (this.#nodes.size + this.#levels.length <= MOST_NODES) stack.push(...[...level.inner.values()].toReversed());
    }
    return Object.fromEntries(this.#nodes);
  }

  /** Once the nodes are known. */
  wires(): FlatGraph["wires"] {
    const wires = new Map<string, Wire>();
    for (const level of this.#levels)
      for (const wire of Object.values(level.graph.wires)) {
        const to = [level.prefix + wire.to[0], wire.to[1]] as const;
        const from = this.#nodes.has(to[0]) ? realSource(level, wire.from) : null;
        if (from && this.#nodes.has(from[0])) wires.set(wireKey(to), { from, to });
      }
    return Object.fromEntries(wires);
  }

  /** The nodes of one level; its instances become the levels below it. */
  #takeNodes(level: Level): void {
    for (const [id, written] of Object.entries(level.graph.nodes)) {
      if (isBorder(id)) continue;
      const node = overridden(written, level.overrides.get(id));
      const subgraph = subgraphOf(node.type);
      const definition = subgraph === null ? undefined : this.#document.subgraphs[subgraph];
      if (subgraph === null || (definition && node.mode)) this.#keep(level, level.prefix + id, node);
      else if (definition && !level.chain.includes(subgraph)) {
        this.instances.set(level.prefix + id, []);
        level.inner.set(id, {
          prefix: `${level.prefix}${id}/`,
          instance: id,
          graph: definition,
          above: level,
          chain: [...level.chain, subgraph],
          overrides: overridesIn(definition, node),
          inner: new Map(),
        });
      }
    }
  }

  #keep(level: Level, name: string, node: WorkflowNode): void {
    this.#nodes.set(name, node);
    for (let around: Level | null = level; around?.above; around = around.above) this.instances.get(around.prefix.slice(0, -1))?.push(name);
  }
}

/** The output of a real node that a wire starts at, in or out of as many instances as it takes. */
function realSource(start: Level, [startNode, startPort]: PortRef): PortRef | null {
  let level = start;
  let node = startNode;
  let port = startPort;
  for (;;) {
    const outside = node === INPUTS ? level.above : null;
    const inside = level.inner.get(node);
    if (node === INPUTS && !outside) return null;
    if (!outside && !inside) return [level.prefix + node, port];
    const end: PortRef = outside ? [level.instance, port] : [OUTPUTS, port];
    level = outside ?? inside ?? level;
    const wire = level.graph.wires[wireKey(end)];
    if (!wire) return null;
    [node, port] = wire.from;
  }
}

/** What an instance says about the nodes inside it. */
export function overridesIn(definition: Subgraph, { values, controls = {} }: WorkflowNode): Map<NodeId, Overrides> {
  const found = new Map<NodeId, Overrides>();
  const said = new Set([...Object.keys(values), ...Object.keys(controls)]);
  if (said.size === 0) return found;
  for (const { from, to } of Object.values(definition.wires)) {
    const [, name] = from;
    if (from[0] !== INPUTS || !said.has(name)) continue;
    const here = found.get(to[0]) ?? { values: new Map(), controls: new Map() };
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value !== undefined) here.values.set(to[1], value);
    here.controls.set(to[1], controls[name] ?? null);
    found.set(to[0], here);
  }
  return found;
}

export function overridden(node: WorkflowNode, overrides: Overrides | undefined): WorkflowNode {
  if (!overrides) return node;
  const { controls: own = {}, ...whole } = node;
  const controls = [...new Map<string, SeedControl | null>([...Object.entries(own), ...overrides.controls])].filter(([, control]) => control !== null);
  return {
    ...whole,
    values: { ...node.values, ...Object.fromEntries(overrides.values) },
    ...(controls.length && { controls: Object.fromEntries(controls) as Record<string, SeedControl> }),
  };
}

/** Flattens one document again and again: what did not change keeps its identity. */
export class Flattener {
  #last: { readonly document: Document; readonly shape: readonly unknown[]; readonly flat: FlatGraph } | null = null;

  of(document: Document): FlatGraph {
    const last = this.#last;
    if (last?.document === document) return last.flat;
    const shape = shapeOf(document);
    const same = last !== null && last.flat.instances !== NONE && sameItems(last.shape, shape);
    const flat = same ? { ...last.flat, nodes: new Unfolding(document).nodes() } : flatten(document);
    this.#last = { document, shape, flat };
    return flat;
  }
}

/** What the flat graph's wires depend on: all wires, and which nodes are instances that unfold. */
function shapeOf(document: Document): unknown[] {
  return [document, ...Object.values(document.subgraphs)].flatMap(({ nodes, wires }) => [
    wires,
    ...Object.entries(nodes).flatMap(([id, { type, mode }]) => (subgraphOf(type) === null ? [id] : [id, type, mode])),
  ]);
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/** A node as it stands in its graph, by what it is called in runs. */
export function nodeAt(document: Document, name: string): WorkflowNode | undefined {
  const path = name.split("/");
  const id = path.pop() ?? "";
  return definitionAt(document, path) === null ? undefined : graphAt(document, path).nodes[id];
}
