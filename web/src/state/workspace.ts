/** One open document with all that belongs to it: its edits, its view, its saving. A tab is one. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Catalog } from "../model/catalog/catalog";
import type { Document, Scope } from "../model/document/document";
import { Flattener, type FlatGraph } from "../model/subgraphs/flatten";
import { Signer, type Signatures } from "../model/runs/signature";
import { withSubgraphs } from "../model/subgraphs/subgraph";
import { DocumentStore } from "./document";
import type { Journal } from "./journal";
import { Saving } from "./saving";
import { createViewStore, NOTHING_CHOSEN, type ViewState, type ViewStore } from "./view";
import type { OpenWindows } from "./windows";

export interface CatalogState {
  /** The types that packs declare; a workspace's `types` also has its subgraphs. */
  readonly catalog: Catalog | null;
  readonly error: string;
}

export class Workspace {
  readonly documents = new DocumentStore();
  readonly view: ViewStore = createViewStore();
  readonly saving: Saving;
  readonly #catalog: StoreApi<CatalogState>;
  readonly #flattener = new Flattener();
  readonly #signer = new Signer();
  #typed: { readonly catalog: Catalog; readonly subgraphs: Document["subgraphs"]; readonly types: Catalog } | null = null;

  /** How canvases that were left looked. */
  readonly #views = new Map<string, Pick<ViewState, "viewport" | "aspects">>();
  #stop: (() => void)[] = [];

  constructor(catalog: StoreApi<CatalogState>, journal: Journal, windows: OpenWindows) {
    this.#catalog = catalog;
    this.saving = new Saving(this.documents, journal, windows);
    this.documents.store.subscribe(({ scope }, before) => {
      if (scope !== before.scope && scopeKey(scope) !== scopeKey(before.scope)) this.#changeCanvas(before.scope, scope);
    });
  }

  /** Each canvas keeps its place and zoom; what is selected on one means nothing on another. */
  #changeCanvas(left: Scope, entered: Scope): void {
    const { viewport, aspects } = this.view.getState();
    this.#views.set(scopeKey(left), { viewport, aspects });
    const kept = this.#views.get(scopeKey(entered));
    this.view.setState({ ...NOTHING_CHOSEN, viewport: kept?.viewport ?? null, aspects: kept?.aspects ?? {} });
  }

  /** Keep edits from now on, and tell when the document gets another file. */
  begin(filed: () => void): void {
    this.#stop = [
      this.saving.start(),
      this.documents.store.subscribe(({ file }, before) => {
        if (file?.name !== before.file?.name) filed();
      }),
      this.documents.store.subscribe(({ editing }, before) => {
        if (editing !== before.editing) this.#letGo();
      }),
    ];
  }

  /** What an undo took away is not selected any more. */
  #letGo(): void {
    const { nodes, wires } = this.view.getState();
    const { graph } = this.documents;
    if ([...nodes].some((id) => !(id in graph.nodes)))
      this.view.setState({ nodes: new Set([...nodes].filter((id) => id in graph.nodes)) });
    if ([...wires].some((key) => !(key in graph.wires)))
      this.view.setState({ wires: new Set([...wires].filter((key) => key in graph.wires)) });
  }

  /** The tab is closed. */
  end(): void {
    for (const stop of this.#stop) stop();
    this.#stop = [];
  }

  get id(): string {
    return this.documents.document.id;
  }

  /** All node types that this document may use: those of the packs and its own subgraphs. */
  get types(): Catalog | null {
    const { catalog } = this.#catalog.getState();
    const { subgraphs } = this.documents.document;
    if (!catalog) return null;
    const before = this.#typed?.catalog === catalog ? this.#typed.types : undefined;
    if (!before || this.#typed?.subgraphs !== subgraphs) this.#typed = { catalog, subgraphs, types: withSubgraphs(catalog, subgraphs, before) };
    return this.#typed.types;
  }

  /** What runs: the document with its subgraphs unfolded. */
  flatOf(document: Document): FlatGraph {
    return this.#flattener.of(document);
  }

  /** The signatures of a document's nodes; asked by every node, computed once per edit. */
  signaturesOf(document: Document): Signatures {
    return this.#signer.of(this.flatOf(document));
  }
}

export interface WorkspacesState {
  /** In the order of their tabs. */
  readonly open: readonly Workspace[];
  readonly active: Workspace;
}

export type WorkspacesStore = StoreApi<WorkspacesState>;

/** There is always one workspace; at first it holds an empty document without an id. */
export function createWorkspacesStore(catalog: StoreApi<CatalogState>, journal: Journal, windows: OpenWindows): WorkspacesStore {
  return createStore<WorkspacesState>()(() => {
    const first = new Workspace(catalog, journal, windows);
    return { open: [first], active: first };
  });
}

function scopeKey(scope: Scope): string {
  return scope.join("/");
}
