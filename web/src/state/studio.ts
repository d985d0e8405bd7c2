/** The page's stores put together: made once, handed to components through a context. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { Catalog } from "../model/catalog";
import { setValue, type ValueChange } from "../model/commands";
import { emptyDocument, type Document } from "../model/document";
import { parseDocument } from "../model/format";
import { api, ApiError } from "../runtime/api";
import { files } from "../runtime/files";
import type { DocumentStore, SavedFile } from "./document";
import { memory } from "./memory";
import { Runtime, type RunWish } from "./runtime";
import type { Saving } from "./saving";
import { createSettingsStore, type SettingsStore } from "./settings";
import { createUiStore, type Remedy, type UiStore } from "./ui";
import { select, type ViewStore } from "./view";
import { createWorkspacesStore, type CatalogState, type Workspace, type WorkspacesStore } from "./workspace";

export class Studio {
  readonly catalog: StoreApi<CatalogState> = createStore<CatalogState>()(() => ({ catalog: null, error: "" }));
  readonly workspaces: WorkspacesStore = createWorkspacesStore(this.catalog);
  readonly ui: UiStore = createUiStore();
  readonly settings: SettingsStore = createSettingsStore();
  readonly runtime: Runtime;

  constructor(socketUrl: string) {
    this.runtime = new Runtime(socketUrl, () => void this.#fetchCatalog());
  }

  /** The document whose tab is in front, which commands act on. */
  get workspace(): Workspace {
    return this.workspaces.getState().active;
  }

  get documents(): DocumentStore {
    return this.workspace.documents;
  }

  get view(): ViewStore {
    return this.workspace.view;
  }

  get saving(): Saving {
    return this.workspace.saving;
  }

  /** Open the connection and the document that was open last. */
  async start(): Promise<void> {
    this.saving.start();
    this.#rememberName();
    await this.#fetchCatalog();
    await this.#openFirst();
    this.runtime.open();
  }

  /** Ask the server to run the document, with new seeds where that is wanted. */
  run(wish: RunWish = {}): void {
    const { documents } = this;
    documents.amend(setValue, nextSeeds(documents.document));
    this.runtime.submit(documents.document, this.workspace.signaturesOf(documents.document), wish);
  }

  async openFile(name: string): Promise<void> {
    const { data, etag } = await files.read(name);
    await this.#leaveDocument();
    this.#show({ ...parseDocument(data), name }, { name, etag });
  }

  /** A copy of a template under a free name. */
  async openTemplate(name: string): Promise<void> {
    const data = await files.template(name);
    await this.#leaveDocument();
    const { workflows } = await files.list();
    const parsed = parseDocument(data);
    const free = freeName(parsed.name, workflows.map((file) => file.name));
    this.#show({ ...parsed, id: crypto.randomUUID(), name: free }, { name: free, etag: null });
  }

  async openEmpty(name: string): Promise<void> {
    await this.#leaveDocument();
    const { workflows } = await files.list();
    const free = freeName(name, workflows.map((file) => file.name));
    this.#show(emptyDocument(crypto.randomUUID(), free), { name: free, etag: null });
  }

  /** Open what a file of this computer holds, as a new document. */
  async openData(data: unknown): Promise<void> {
    const parsed = parseDocument(data);
    await this.#leaveDocument();
    const { workflows } = await files.list();
    const free = freeName(parsed.name, workflows.map((file) => file.name));
    this.#show({ ...parsed, id: crypto.randomUUID(), name: free }, { name: free, etag: null });
    await this.saving.saveNew();
  }

  /** Take the server's version after somebody else saved. */
  async takeTheirs(): Promise<void> {
    const { file } = this.documents.store.getState();
    if (!file) return;
    const { data, etag } = await files.read(file.name);
    this.#show({ ...parseDocument(data), name: file.name }, { name: file.name, etag });
  }

  /** Give the server a picture; its name there, or `null` with a notice. */
  async upload(file: File): Promise<string | null> {
    try {
      const record = await api.upload(file);
      this.runtime.uploaded(record);
      await this.#fetchCatalog();
      return record.name;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.notify([error.message, error.hint].filter(Boolean).join(" "));
      return null;
    }
  }

  /** Say something that goes by itself, with what can be done about it. */
  notify(words: string, remedy: Remedy | null = null): void {
    this.ui.setState({ notice: words, remedy });
  }

  async #leaveDocument(): Promise<void> {
    if (this.documents.store.getState().file) await this.saving.flush();
  }

  #show(document: Document, file: SavedFile): void {
    this.runtime.forget(this.workspace.id);
    this.documents.open(document, file);
    this.saving.settled();
    select(this.view, []);
    memory.opened(file.name);
    void this.runtime.restore(document);
  }

  async #openFirst(): Promise<void> {
    try {
      const { workflows, templates } = await files.list();
      const last = workflows.find((file) => file.name === memory.lastOpened());
      const newest = workflows.toSorted((a, b) => b.modified - a.modified)[0];
      const file = last ?? newest;
      if (file) await this.openFile(file.name);
      else if (templates.length) {
        const first = templates.find((template) => template.name === "postcard") ?? templates[0];
        if (first) await this.openTemplate(first.name);
      } else await this.openEmpty("Untitled");
    } catch (error) {
      this.notify(error instanceof Error ? error.message : String(error));
      if (!(error instanceof ApiError)) throw error;
    }
  }

  async #fetchCatalog(): Promise<void> {
    try {
      const data = await api.catalog();
      // At its very first start the server knows no types until a worker has loaded the packs.
      if (data.nodes.length === 0 && !this.catalog.getState().catalog) return;
      this.catalog.setState({ catalog: new Catalog(data), error: "" });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.catalog.setState({ error: error.message });
      if (error.status === 401) this.runtime.store.setState({ locked: true });
    }
  }

  #rememberName(): void {
    this.documents.store.subscribe(({ file }, before) => {
      if (file && file.name !== before.file?.name) memory.opened(file.name);
    });
  }
}

/** New values for the seeds that are not fixed. */
export function nextSeeds(document: Document): ValueChange[] {
  const changes: ValueChange[] = [];
  for (const [node, { controls, values }] of Object.entries(document.nodes)) {
    for (const [port, control] of Object.entries(controls ?? {})) {
      if (document.wires[`${node}\n${port}`]) continue;
      if (control === "randomize") changes.push({ node, port, value: randomSeed() });
      if (control === "increment") changes.push({ node, port, value: Number(values[port] ?? 0) + 1 });
    }
  }
  return changes;
}

/** A seed that can be read out and typed again: four milliards of pictures are enough. */
export function randomSeed(): number {
  const [seed = 0] = crypto.getRandomValues(new Uint32Array(1));
  return seed;
}

function freeName(wanted: string, taken: readonly string[]): string {
  const names = new Set(taken.map((name) => name.toLowerCase()));
  for (let count = 1; ; count++) {
    const name = count === 1 ? wanted : `${wanted} ${count}`;
    if (!names.has(name.toLowerCase())) return name;
  }
}

