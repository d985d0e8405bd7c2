/** The page's stores put together: made once, handed to components through a context. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { Catalog } from "../model/catalog";
import { setValue, type ValueChange } from "../model/commands";
import type { Document } from "../model/document";
import { api, ApiError } from "../runtime/api";
import type { DocumentStore } from "./document";
import { Journal } from "./journal";
import { Runtime, type RunWish } from "./runtime";
import type { Saving } from "./saving";
import { Tabs } from "./tabs";
import { createSettingsStore, type SettingsStore } from "./settings";
import { createUiStore, type Remedy, type UiStore } from "./ui";
import type { ViewStore } from "./view";
import { createWorkspacesStore, type CatalogState, type Workspace, type WorkspacesStore } from "./workspace";

export class Studio {
  readonly catalog: StoreApi<CatalogState> = createStore<CatalogState>()(() => ({ catalog: null, error: "" }));
  readonly journal = new Journal();
  readonly workspaces: WorkspacesStore = createWorkspacesStore(this.catalog, this.journal);
  readonly ui: UiStore = createUiStore();
  readonly settings: SettingsStore = createSettingsStore();
  readonly runtime: Runtime;
  readonly tabs: Tabs;

  constructor(socketUrl: string) {
    this.runtime = new Runtime(socketUrl, () => void this.#fetchCatalog());
    this.tabs = new Tabs(this);
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
    await this.#fetchCatalog();
    try {
      await this.tabs.restore();
    } catch (error) {
      this.notify(error instanceof Error ? error.message : String(error));
      if (!(error instanceof ApiError)) throw error;
    }
    this.runtime.open();
  }

  /** Ask the server to run the document, with new seeds where that is wanted. */
  run(wish: RunWish = {}): void {
    const { documents } = this;
    documents.amend(setValue, nextSeeds(documents.document));
    this.runtime.submit(documents.document, this.workspace.signaturesOf(documents.document), wish);
  }

  /** Open what a file or a picture holds as a new document. */
  async openData(data: unknown): Promise<void> {
    await this.tabs.openData(data);
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
