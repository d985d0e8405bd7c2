/** Subgraphs seen from outside: each definition is a node type with the ports it publishes. */
import { inputOf, outputOf, type Catalog, type NodeSpec, type OutputPort, type Port } from "./catalog";
import { instanceType, subgraphOf, type Document, type Subgraph, type SubgraphInput } from "./document";

export const SUBGRAPH_CATEGORY = "subgraphs";

/** The types of a catalog and the subgraphs of a document. */
export function withSubgraphs(catalog: Catalog, subgraphs: Document["subgraphs"]): Catalog {
  if (Object.keys(subgraphs).length === 0) return catalog;
  return catalog.extended(new Interfaces(catalog, subgraphs).all());
}

/** Makes the specs, inner definitions first; one that contains itself is left out. */
class Interfaces {
  readonly #catalog: Catalog;
  readonly #subgraphs: Document["subgraphs"];
  readonly #made = new Map<string, NodeSpec | null>();

  constructor(catalog: Catalog, subgraphs: Document["subgraphs"]) {
    this.#catalog = catalog;
    this.#subgraphs = subgraphs;
  }

  all(): NodeSpec[] {
    return Object.keys(this.#subgraphs).flatMap((id) => this.#interface(id) ?? []);
  }

  #spec(type: string): NodeSpec | undefined {
    const subgraph = subgraphOf(type);
    return subgraph === null ? this.#catalog.spec(type) : (this.#interface(subgraph) ?? undefined);
  }

  #interface(id: string): NodeSpec | null {
    const definition = this.#subgraphs[id];
    const known = this.#made.get(id);
    if (known !== undefined || !definition) return known ?? null;
    this.#made.set(id, null);
    const specs = Object.values(definition.nodes).map(({ type }) => this.#spec(type));
    const made: NodeSpec = {
      id: instanceType(id),
      title: definition.name || id,
      category: SUBGRAPH_CATEGORY,
      help: "",
      version: "",
      cache: "pure",
      pack: "",
      source: "",
      inputs: definition.inputs.map((port) => this.#input(port, definition)),
      outputs: definition.outputs.map(({ id: name, name: label, type, from: [node, port] }): OutputPort => {
        const inner = outputOf(this.#spec(definition.nodes[node]?.type ?? ""), port);
        return { ...inner, name, label, type: inner?.type ?? type };
      }),
      ...(specs.some((spec) => spec?.sink) && { sink: true }),
    };
    this.#made.set(id, made);
    return made;
  }

  /** As the first input inside that it feeds: its widget, its range, and the value it has there. */
  #input({ id, name, type, to }: SubgraphInput, definition: Subgraph): Port {
    const [node = "", port = ""] = to[0] ?? [];
    const inside = definition.nodes[node];
    const inner = inputOf(this.#spec(inside?.type ?? ""), port);
    if (!inner) return { name: id, label: name, type };
    const value = inside?.values[port] ?? inner.default;
    return { ...inner, name: id, label: name, ...(value !== undefined && { default: value }) };
  }
}
