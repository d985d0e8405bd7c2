/**
 * The graph that runs: instances of subgraphs unfolded, inner nodes called `12/3`, as the server
 * makes it (`server/wirebrush/graph/flatten.py`; both read the cases in `tests/graph/flat`).
 *
 * A muted or bypassed instance stays as one node, because nothing inside it runs.
 */
import { innerNodes, INPUTS, OUTPUTS } from "./border";
import { definitionAt, graphAt, runId, subgraphOf, wireKey, type Document, type Graph, type Json, type NodeId, type PortRef, type Scope, type SeedControl, type Subgraph, type Wire, type WorkflowNode } from "./document";

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
  return new Unfolding(document).run();
}

interface Overrides {
  readonly values: Map<string, Json>;
  /** `null`: the value stands as it is. */
  readonly controls: Map<string, SeedControl | null>;
}

/** A graph that is being unfolded: the document's own, or the inside of one instance. */
interface Level {
  readonly scope: Scope;
  readonly graph: Graph;
  readonly above: Level | null;
  /** The definitions around it. */
  readonly chain: readonly string[];
  readonly overrides: ReadonlyMap<NodeId, Overrides>;
  readonly inner: Map<NodeId, Level>;
}

class Unfolding {
  readonly #document: Document;
  readonly #nodes = new Map<string, WorkflowNode>();
  readonly #wires = new Map<string, Wire>();
  readonly #instances = new Map<string, string[]>();

  constructor(document: Document) {
    this.#document = document;
  }

  run(): FlatGraph {
    const levels: Level[] = [];
    const stack: Level[] = [
      { scope: [], graph: this.#document, above: null, chain: [], overrides: new Map(), inner: new Map() },
    ];
    for (let level = stack.pop(); level; level = stack.pop()) {
      levels.push(level);
      this.#takeNodes(level);
      if (this.#nodes.size + levels.length <= MOST_NODES) stack.push(...[...level.inner.values()].toReversed());
    }
    for (const level of levels) this.#takeWires(level);
    return { nodes: Object.fromEntries(this.#nodes), wires: Object.fromEntries(this.#wires), instances: this.#instances };
  }

  /** The nodes of one level; its instances become the levels below it. */
  #takeNodes(level: Level): void {
    for (const [id, written] of innerNodes(level.graph)) {
      const node = overridden(written, level.overrides.get(id));
      const subgraph = subgraphOf(node.type);
      const definition = subgraph === null ? undefined : this.#document.subgraphs[subgraph];
      if (subgraph === null || (definition && node.mode)) this.#keep(level.scope, id, node);
      else if (definition && !level.chain.includes(subgraph)) {
        this.#instances.set(runId(level.scope, id), []);
        level.inner.set(id, {
          scope: [...level.scope, id],
          graph: definition,
          above: level,
          chain: [...level.chain, subgraph],
          overrides: overridesIn(definition, node),
          inner: new Map(),
        });
      }
    }
  }

  #keep(scope: Scope, id: NodeId, node: WorkflowNode): void {
    const name = runId(scope, id);
    this.#nodes.set(name, node);
    for (let depth = scope.length; depth > 0; depth--) this.#instances.get(scope.slice(0, depth).join("/"))?.push(name);
  }

  #takeWires(level: Level): void {
    for (const wire of Object.values(level.graph.wires)) {
      const to = [runId(level.scope, wire.to[0]), wire.to[1]] as const;
      if (!this.#nodes.has(to[0])) continue;
      const from = realSource(level, wire.from);
      if (from && this.#nodes.has(from[0])) this.#wires.set(wireKey(to), level.above === null && from[0] === wire.from[0] ? wire : { from, to });
    }
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
    if (!outside && !inside) return [runId(level.scope, node), port];
    const end: PortRef = outside ? [level.scope.at(-1) ?? "", port] : [OUTPUTS, port];
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
    const made = flatten(document);
    const shape = shapeOf(document);
    const same = last !== null && made.instances !== NONE && sameItems(last.shape, shape);
    const flat = same ? { ...made, wires: last.flat.wires, instances: last.flat.instances } : made;
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
