/** Subgraphs as node types: a definition seen from outside, and its border seen from inside. */
import { borderTypes, handedOut, INPUTS, NEW_PORT } from "./border";
import { inputOf, outputOf, type Catalog, type NodeSpec, type OutputPort, type Port, type Showing } from "../catalog/catalog";
import { instanceType, subgraphOf, type Document, type PortRef, type Subgraph, type SubgraphPort } from "../document/document";
import { toJson } from "../format/json";
import { madeBy } from "../layout/geometry";

const SUBGRAPH_CATEGORY = "subgraphs";

/**
 * The types of a catalog and the subgraphs of a document.
 *
 * `before` is what this gave last for the same catalog: specs that it has are used again, and all
 * of it if nothing differs, so that an edit inside a subgraph is no news to who looks at types.
 */
export function withSubgraphs(catalog: Catalog, subgraphs: Document["subgraphs"], before: Catalog = catalog): Catalog {
  if (Object.keys(subgraphs).length === 0) return catalog;
  const interfaces = new Interfaces(catalog, subgraphs, before);
  const instances = interfaces.instances();
  const borders = interfaces.borders();
  const same = [...instances, ...borders].every((spec) => before.spec(spec.id) === spec);
  if (same && before.types().length === catalog.types().length + instances.length) return before;
  return catalog.extended(instances, borders);
}

/** Makes the specs, inner definitions first; one that contains itself is left out. */
class Interfaces {
  readonly #catalog: Catalog;
  readonly #subgraphs: Document["subgraphs"];
  readonly #before: Catalog;
  readonly #made = new Map<string, NodeSpec | null>();

  constructor(catalog: Catalog, subgraphs: Document["subgraphs"], before: Catalog) {
    this.#catalog = catalog;
    this.#subgraphs = subgraphs;
    this.#before = before;
  }

  instances(): NodeSpec[] {
    return Object.keys(this.#subgraphs).flatMap((id) => this.#interface(id) ?? []);
  }

  /** The types of the nodes at the border: their ports mirror those of the instances. */
  borders(): NodeSpec[] {
    return this.instances().flatMap((spec) => {
      const types = borderTypes(subgraphOf(spec.id) ?? "");
      const fresh: Port = { name: NEW_PORT, label: NEW_PORT, type: "*" };
      const outputs = spec.inputs.map(({ name, label, type }: Port): OutputPort => ({ name, type, ...(label && { label }) }));
      const inputs = spec.outputs.map(({ name, label, type }: OutputPort): Port => ({ name, type, ...(label && { label }) }));
      return [
        this.#known({ ...bare(types.inputs, "Inputs"), inputs: [], outputs: [...outputs, fresh] }),
        this.#known({ ...bare(types.outputs, "Outputs"), inputs: [...inputs, fresh], outputs: [] }),
      ];
    });
  }

  #spec(type: string): NodeSpec | undefined {
    const subgraph = subgraphOf(type);
    return subgraph === null ? this.#catalog.spec(type) : (this.#interface(subgraph) ?? undefined);
  }

  #interface(id: string): NodeSpec | null {
    const definition = Object.hasOwn(this.#subgraphs, id) ? this.#subgraphs[id] : undefined;
    const known = this.#made.get(id);
    if (known !== undefined || !definition) return known ?? null;
    this.#made.set(id, null);
    const specs = Object.values(definition.nodes).map(({ type }) => this.#spec(type));
    const feeds = new Map<string, PortRef>();
    for (const { from, to } of Object.values(definition.wires)) if (from[0] === INPUTS && !feeds.has(from[1])) feeds.set(from[1], to);
    const made = this.#known({
      ...bare(instanceType(id), definition.name || id),
      inputs: definition.inputs.map((port) => this.#input(port, definition, feeds.get(port.id))),
      outputs: definition.outputs.map((port) => this.#output(port, definition)),
      ...(specs.some((spec) => spec?.sink) && { sink: true }),
      shows: shownInside(specs),
    });
    this.#made.set(id, made);
    return made;
  }

  #output({ id: name, name: label, type }: SubgraphPort, definition: Subgraph): OutputPort {
    const [node, port] = handedOut(definition, name) ?? ["", ""];
    const inner = outputOf(this.#spec(definition.nodes[node]?.type ?? ""), port);
    return { ...inner, name, label, type: inner?.type ?? type };
  }

  /** As the first input inside that it feeds: its widget, its range, and the value it has there. */
  #input({ id, name, type }: SubgraphPort, definition: Subgraph, feeds: PortRef | undefined): Port {
    const [node = "", port = ""] = feeds ?? [];
    const inside = definition.nodes[node];
    const inner: Port | undefined = inputOf(this.#spec(inside?.type ?? ""), port);
    if (!inner) return { name: id, label: name, type };
    const value = inside?.values[port] ?? inner.default;
    const control = inside?.controls?.[port] ?? inner.control;
    return { ...inner, name: id, label: name, ...(value !== undefined && { default: value }), ...(control && { control }) };
  }

  /** The same object as before where nothing differs: what is drawn from it need not be drawn anew. */
  #known(made: NodeSpec): NodeSpec {
    const before = this.#before.spec(made.id);
    return before && toJson(before) === toJson(made) ? before : made;
  }
}

/** What instances show: pictures before texts, where nodes inside show both. */
function shownInside(specs: readonly (NodeSpec | undefined)[]): Showing | null {
  const kinds = new Set(specs.map((spec) => spec && madeBy(spec)));
  return kinds.has("picture") ? "picture" : kinds.has("text") ? "text" : null;
}

function bare(id: string, title: string): Omit<NodeSpec, "inputs" | "outputs"> {
  return { id, title, category: SUBGRAPH_CATEGORY, help: "", version: "", cache: "pure", pack: "", source: "" };
}
