/** The node types there are, and what may be wired to what. */
import type { SeedControl } from "../document/document";
import type {
  Catalog as CatalogData,
  Json,
  NodeOutput,
  NodePort,
  NodeSpec as DeclaredSpec,
  NodeWidget as Widget,
} from "../../runtime/wire.gen";

export type { Widget };
/** A node type. */
export type NodeSpec = DeclaredSpec & {
  /** What a node shows, where its ports do not tell: on subgraphs. */
  readonly shows?: Showing | null;
  /** What it is called where it is declared, if its title is in another language. */
  readonly english?: string;
};
/** What nodes have a place for. */
export type Showing = "picture" | "text";
/** `label` is there where the name is an id that says nothing: on ports of subgraphs. */
export type Port = NodePort & {
  readonly label?: string;
  /** What happens to the seed behind it before a run, where that is said inside a subgraph. */
  readonly control?: SeedControl;
};
export type OutputPort = NodeOutput & { readonly label?: string };
export type Choice = NonNullable<Widget["choices"]>[number];

export class Catalog {
  readonly digest: string;
  readonly failures: CatalogData["failures"];
  readonly #specs: ReadonlyMap<string, NodeSpec>;
  readonly #types: readonly NodeSpec[];

  /** `hidden` types are known, but nobody adds nodes of them: they are not listed. */
  constructor(data: CatalogData, hidden: readonly NodeSpec[] = []) {
    this.digest = data.digest;
    this.failures = data.failures;
    const specs = new Map<string, NodeSpec>();
    for (const spec of data.nodes)
      for (const former of spec.formerly ?? []) specs.set(former, spec);
    for (const spec of data.nodes) specs.set(spec.id, spec);
    this.#types = [...new Set(specs.values())];
    for (const spec of hidden) specs.set(spec.id, spec);
    this.#specs = specs;
  }

  /** The node type of that id or former id. */
  spec(id: string): NodeSpec | undefined {
    return this.#specs.get(id);
  }

  /** These types and further ones, such as the subgraphs of a document. */
  extended(specs: readonly NodeSpec[], hidden: readonly NodeSpec[] = []): Catalog {
    return new Catalog({ digest: this.digest, failures: this.failures, nodes: [...this.#types, ...specs] }, hidden);
  }

  /** Every type once. */
  types(): NodeSpec[] {
    return [...this.#types];
  }
}

export function inputOf(spec: NodeSpec | undefined, name: string): Port | undefined {
  return spec?.inputs.find((port) => port.name === name);
}

/** An output by name, or by place for a port that is not known by name (`#0`). */
export function outputOf(spec: NodeSpec | undefined, name: string): OutputPort | undefined {
  const named = spec?.outputs.find((port) => port.name === name);
  return named ?? (name.startsWith("#") ? spec?.outputs[Number(name.slice(1))] : undefined);
}

/** Whether a wire from an output of one type may end in an input of another. */
export function accepts(input: string, output: string): boolean {
  if (input === "*" || output === "*") return true;
  if (input === "FLOAT" && output === "INT") return true;
  const given = new Set(output.split(","));
  return input.split(",").some((type) => given.has(type));
}

/** Whether a node with these values makes results less exact: always, or by a choice. As `NodeSpec.loses` of the server. */
export function loses(spec: NodeSpec, values: Readonly<Record<string, unknown>>): boolean {
  if (spec.lossy) return true;
  return spec.inputs.some(({ name, widget, default: usual }) => {
    const value = Object.hasOwn(values, name) ? values[name] : usual;
    return typeof value === "string" && (widget?.lossy?.includes(value) ?? false);
  });
}

/** What a new node of the type starts with. */
export function defaultValues(spec: NodeSpec): Record<string, NonNullable<Port["default"]>> {
  const values: Record<string, NonNullable<Port["default"]>> = {};
  for (const port of spec.inputs) {
    const value = defaultValue(port);
    if (port.widget && value !== undefined && value !== null) values[port.name] = value;
  }
  return values;
}

function defaultValue(port: Port): Port["default"] {
  if (port.default !== undefined) return port.default;
  // Nodes of packs tell it to editors alone: who leaves the input out gets the function's own.
  const hint = port.hints?.["default"];
  if (hint !== undefined && hint !== null && fits(port, hint)) return hint;
  return port.widget?.choices?.[0] ?? EMPTY[port.widget?.kind ?? ""];
}

/** Whether a pack's word for a first value can be one: it may be anything. */
function fits({ widget }: Port, hint: Json): boolean {
  if (widget?.choices) return widget.choices.some((choice) => choice === hint);
  const empty = EMPTY[widget?.kind ?? ""];
  return empty === undefined || typeof empty === typeof hint;
}

const EMPTY: Readonly<Record<string, Port["default"]>> = { text: "", int: 0, float: 0, seed: 0, toggle: false };
