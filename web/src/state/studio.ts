/** The page's stores put together: made once, handed to components through a context. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { Catalog } from "../model/catalog/catalog";
import { api, ApiError } from "../runtime/api";
import type { Catalog as CatalogData } from "../runtime/wire.gen";
import type { DocumentStore } from "./document";
import { Gallery } from "./gallery";
import { Journal } from "./journal";
import { Packs } from "./packs";
import { Planner } from "./planner";
import { Problems } from "./problems";
import { RunOnChange } from "./runOnChange";
import { Runtime } from "./runtime";
import { createSavedSubgraphs, type SavedSubgraphs } from "./savedSubgraphs";
import type { Saving } from "./saving";
import { Tabs } from "./tabs";
import { createSettingsStore, type SettingsStore } from "./settings";
import { inLanguage } from "./typeNames";
import { createUiStore, type Remedy, type UiStore } from "./ui";
import type { ViewStore } from "./view";
import { OpenWindows } from "./windows";
import { createWorkspacesStore, type CatalogState, type Workspace, type WorkspacesStore } from "./workspace";

/** For how long a sentence stays, and one about which something can be done. */
const NOTICE_MS = 6_000;
const REMEDY_MS = 12_000;

export class Studio {
  readonly catalog: StoreApi<CatalogState> = createStore<CatalogState>()(() => ({ catalog: null, error: "" }));
  readonly journal = new Journal();
  readonly windows = new OpenWindows();
  readonly workspaces: WorkspacesStore = createWorkspacesStore(this.catalog, this.journal, this.windows);
  readonly ui: UiStore = createUiStore();
  readonly settings: SettingsStore = createSettingsStore();
  readonly library: SavedSubgraphs = createSavedSubgraphs();
  readonly runtime: Runtime;
  readonly tabs: Tabs;
  readonly planner: Planner;
  readonly problems: Problems;
  readonly packs: Packs;
  readonly gallery: Gallery;
  readonly runOnChange: RunOnChange;
  /** The node types as their packs declare them. */
  #declared: CatalogData | null = null;
  #noticed: ReturnType<typeof setTimeout> | undefined;

  constructor(socketUrl: string) {
    this.runtime = new Runtime(socketUrl, {
      catalogChanged: () => void this.#fetchTypes(),
      packsChanged: () => void this.packs.refresh(),
      workerReady: () => this.packs.isWaiting && void this.#fetchTypes(),
      wantsPreviews: () => this.settings.getState().previews,
      foundJob: (id) => {
        const open = this.workspaces.getState().open.find((workspace) => workspace.id === id);
        if (open) void this.runtime.restore(open.documents.document);
      },
    });
    this.tabs = new Tabs(this);
    this.planner = new Planner(this);
    this.problems = new Problems(this);
    this.packs = new Packs({
      list: api.packs,
      turn: api.turnPack,
      reload: api.reloadPacks,
      notify: (words) => this.notify(words),
      open: () => this.ui.setState({ overlay: "packs" }),
    });
    // To leave the list is to answer no.
    this.ui.subscribe(({ overlay }, before) => before.overlay === "packs" && overlay !== "packs" && void this.packs.answer(false));
    this.gallery = new Gallery({
      runtime: this.runtime,
      notify: (words, remedy) => this.notify(words, remedy),
      restored: () => {
        for (const { documents } of this.workspaces.getState().open) void this.runtime.restore(documents.document);
      },
    });
    this.runOnChange = new RunOnChange(this);
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
    await this.fetchCatalog();
    try {
      await this.tabs.restore();
    } catch (error) {
      this.notify(error instanceof Error ? error.message : String(error));
      if (!(error instanceof ApiError)) throw error;
    } finally {
      this.problems.start();
      this.runtime.open();
    }
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
      await this.fetchCatalog();
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
    this.letNoticeGo();
  }

  /** It stays: what has the keyboard does not go away under it. */
  holdNotice(): void {
    clearTimeout(this.#noticed);
  }

  /** It goes by itself again, after as long as a new one. */
  letNoticeGo(): void {
    clearTimeout(this.#noticed);
    const { remedy } = this.ui.getState();
    this.#noticed = setTimeout(() => this.ui.setState({ notice: "", remedy: null }), remedy ? REMEDY_MS : NOTICE_MS);
  }

  /** The nodes of a pack are there before it is said that it is on. */
  async #fetchTypes(): Promise<void> {
    await this.fetchCatalog();
    await this.packs.refresh();
  }

  /** Call the node types by their names in the language that is spoken now. */
  nameTypes(): void {
    if (this.#declared) this.catalog.setState({ catalog: new Catalog(inLanguage(this.#declared)), error: "" });
  }

  /** The node types, with the files there are now as choices. */
  async fetchCatalog(): Promise<void> {
    try {
      const data = await api.catalog();
      // At its very first start the server knows no types until a worker has loaded the packs.
      const loading = data.nodes.length === 0 && data.failures.length === 0;
      if (loading && !this.catalog.getState().catalog) return;
      this.#declared = data;
      this.nameTypes();
      // Without any node nothing can be done here; why is said without being asked.
      if (data.nodes.length === 0) this.ui.setState({ problems: true });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.catalog.setState({ error: error.message });
      if (error.status === 401) this.runtime.store.setState({ locked: true });
    }
  }
}
