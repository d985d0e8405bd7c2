/** Opening, closing and finding again: one tab a document. Closing loses nothing. */
import { uuid } from "../model/document/ids";
import type { StoreApi } from "zustand/vanilla";
import { emptyDocument, type Document } from "../model/document/document";
import { parseDocument, serialise } from "../model/format/format";
import { files, type DraftInfo } from "../runtime/files";
import { ApiError, ifMissing } from "../runtime/http";
import type { DocumentState } from "./document";
import type { Journal } from "./journal";
import { isIn, stateOf, turnsOf, type JournalEntry } from "./journalEntry";
import { openBefore, rememberOpen } from "./memory";
import type { OpenTab } from "./openTabs";
import type { Runtime } from "./runtime";
import type { Origin } from "./lineage";
import type { OpenWindows } from "./windows";
import { Workspace, type CatalogState, type WorkspacesStore } from "./workspace";
import { parseJson } from "../model/format/json";

/** What a tab needs of the page around it. */
export interface Around {
  readonly workspaces: WorkspacesStore;
  readonly catalog: StoreApi<CatalogState>;
  readonly journal: Journal;
  readonly windows: OpenWindows;
  readonly runtime: Runtime;
}

/** A document as it was found: with what its file holds, if that differs. */
interface Found extends Origin {
  readonly document: Document;
  readonly saved: Document | null;
  readonly kept: Partial<DocumentState>;
}

/** A tab that could not be shown, and where it stands among the others. */
interface Missing extends OpenTab {
  readonly place: number;
}

const TEMPLATE = "postcard";

export class Tabs {
  readonly #around: Around;
  readonly #closed: OpenTab[] = [];
  /** A page that goes while it opens its tabs forgets none of them. */
  #restoring = false;
  /** Of the last visit, what the server did not give now: the next visit may have it. */
  #missing: readonly Missing[] = [];
  /** The tab in front at the last visit, and the one that this visit began with. */
  #wanted = "";
  #shown = "";

  constructor(around: Around) {
    this.#around = around;
    around.workspaces.subscribe(() => this.#remember());
  }

  get #open(): readonly Workspace[] {
    return this.#around.workspaces.getState().open;
  }

  /**
   * Show what was open at the last visit, and whatever was edited and did not reach the server; at
   * the first visit, a template.
   */
  async restore(): Promise<void> {
    this.#restoring = true;
    try {
      await this.#restore();
    } finally {
      this.#restoring = false;
      this.#shown = this.#around.workspaces.getState().active.id;
    }
    this.#remember();
  }

  async #restore(): Promise<void> {
    const { journal, windows } = this.#around;
    const { tabs, active } = await openBefore(journal);
    this.#wanted = active;
    const left = await journal.leftBehind(await windows.alive());
    const known = new Set(tabs.map(({ id }) => id));
    const all = [...tabs, ...left.filter(({ id }) => !known.has(id))].map(({ id, file }, place) => ({ id, file, place }));
    // What was in front comes first and stays there: whoever points at once points at what will stay.
    // Where it does not come, the last of the others is in front.
    const inTurn = all.toSorted((a, b) => Number(b.id === active) - Number(a.id === active) || b.place - a.place);
    const places = new Map<Workspace, number>();
    const broken: unknown[] = [];
    for (const tab of inTurn) {
      const miss = (error: unknown): null => {
        if (!(error instanceof ApiError)) broken.push(error);
        return this.#miss(tab);
      };
      // One after the other: each is told from those that are there.
      // oxlint-disable-next-line no-await-in-loop
      const found = await this.#find(tab, all).catch(ifMissing(null)).catch(miss);
      if (!found) continue;
      const next = this.#open.findIndex((workspace) => (places.get(workspace) ?? -1) > tab.place);
      places.set(this.#add(found, next < 0 ? this.#open.length : next, false), tab.place);
    }
    if (places.size === 0) await this.#first();
    if (broken.length) throw broken[0];
  }

  #miss(tab: Missing): null {
    this.#missing = [...this.#missing, tab].toSorted((a, b) => a.place - b.place);
    return null;
  }

  /** A saved workflow; its tab, if it has one. */
  async openFile(name: string): Promise<void> {
    const there = this.#open.find((workspace) => workspace.documents.store.getState().file?.name === name);
    if (there) return this.activate(there);
    const found = await this.#find({ id: "", file: name });
    if (found) this.#show(found);
  }

  /** A document that was edited but not saved. */
  async openDraft(id: string): Promise<void> {
    const there = this.#open.find((workspace) => workspace.id === id);
    if (there) return this.activate(there);
    const found = await this.#find({ id, file: null });
    if (found) this.#show(found);
  }

  /** A copy of a template. It is not kept until it is edited. */
  async openTemplate(name: string): Promise<void> {
    await this.openData(await files.template(name));
  }

  /** What a file or a picture holds, as a new document. */
  async openData(data: unknown): Promise<void> {
    const parsed = parseDocument(data);
    const name = await this.#freeName(parsed.name);
    this.#show({ document: { ...parsed, id: uuid(), name }, saved: null, kept: {} });
  }

  /** A document of this page under a new name and id, not saved yet. */
  async openCopy(document: Document): Promise<void> {
    const name = await this.#freeName(document.name);
    this.#show({ document: { ...document, id: uuid(), name }, saved: null, kept: {}, pending: true });
  }

  async openEmpty(name: string): Promise<void> {
    const document = emptyDocument(uuid(), await this.#freeName(name));
    this.#show({ document, saved: null, kept: {} });
  }

  activate(workspace: Workspace): void {
    this.#around.workspaces.setState({ active: workspace });
  }

  /** The tab that many places to the right, around the end. */
  step(by: number): void {
    const { open, active } = this.#around.workspaces.getState();
    const next = open[(open.indexOf(active) + by + open.length) % open.length];
    if (next) this.activate(next);
  }

  move(workspace: Workspace, place: number): void {
    const others = this.#open.filter((item) => item !== workspace);
    this.#around.workspaces.setState({ open: others.toSpliced(place, 0, workspace) });
  }

  /** Close a tab. What is not saved stays as a draft. */
  async close(workspace: Workspace): Promise<void> {
    await workspace.saving.close();
    const { open, active } = this.#around.workspaces.getState();
    const place = open.indexOf(workspace);
    const rest = open.filter((item) => item !== workspace);
    this.#closed.push(tabOf(workspace));
    workspace.end();
    this.#around.runtime.forget(workspace.id);
    const next = rest[Math.min(place, rest.length - 1)];
    if (next) this.#around.workspaces.setState({ open: rest, active: active === workspace ? next : active });
    else {
      const empty = this.#workspace({ document: emptyDocument(uuid(), await this.#freeName("Untitled")), saved: null, kept: {} });
      this.#around.workspaces.setState({ open: [empty], active: empty });
    }
  }

  /** Open the tab again that was closed last. */
  async reopen(): Promise<void> {
    const tab = this.#closed.pop();
    const found = tab && (await this.#find(tab).catch(passApiError));
    if (found) this.#show(found);
  }

  async #first(): Promise<void> {
    const { workflows, templates } = await files.list();
    const newest = workflows.toSorted((a, b) => b.modified - a.modified)[0];
    const template = templates.find(({ name }) => name === TEMPLATE) ?? templates[0];
    if (newest) await this.openFile(newest.name);
    else if (template) await this.openTemplate(template.name);
    else await this.openEmpty("Untitled");
  }

  /**
   * The latest state of a document: this browser's, the draft's, or the file's. `null` if it is gone.
   * `awaited` are tabs that come too.
   */
  async #find({ id, file }: OpenTab, awaited: readonly OpenTab[] = []): Promise<Found | null> {
    const { data, etag } = file === null ? NO_FILE : await files.read(file).catch(ifMissing(NO_FILE));
    const saved = data === null || file === null ? null : named(parseDocument(data), file);
    const wanted = id || (saved?.id ?? "");
    const drafts = await files.drafts();
    const info = drafts.find((draft) => draft.id === wanted && (file === null || draft.file === file));
    const base = { file: saved && file !== null ? { name: file, etag } : null };
    const entry = await this.#around.journal.read(wanted);
    if (entry && entry.file === file && !(await this.#reached(entry, info))) return fromJournal(entry, saved, base, info);
    if (info) return fromDraft(info, saved, base);
    if (!saved) return null;
    const there = [...this.#open, ...drafts, ...awaited.filter((tab) => tab.id !== id)];
    const taken = there.some((other) => other.id === saved.id);
    // A copy of a file has its id too; drafts go by ids, so one of them gets another.
    const document = taken ? { ...saved, id: uuid() } : saved;
    return { document, saved: document, kept: base };
  }

  /** Whether the server has an entry after all: the page that wrote it sent it as it went. */
  async #reached(entry: JournalEntry, info: DraftInfo | undefined): Promise<boolean> {
    if (!info || !isIn(stateOf(entry), [[info.window, info.turn]])) return false;
    await this.#around.journal.settle(entry.id, [stateOf(entry)]);
    return true;
  }

  #show(found: Found): void {
    this.#add(found, this.#open.length, true);
  }

  /**
   * A tab among the others: in front where that is wanted, or where nothing is there yet. A document
   * has one tab, also where a person opens it while the tabs of the last visit still come.
   */
  #add(found: Found, place: number, inFront: boolean): Workspace {
    const there = this.#open.find((workspace) => isSameDocument(workspace, found));
    if (there) {
      if (inFront) this.activate(there);
      return there;
    }
    const workspace = this.#workspace(found);
    const { active } = this.#around.workspaces.getState();
    // The empty document that a page starts with makes room.
    const open = this.#open.toSpliced(place, 0, workspace).filter((item) => item.id !== "");
    this.#around.workspaces.setState({ open, active: inFront || active.id === "" ? workspace : active });
    return workspace;
  }

  #workspace({ document, saved, kept, ...origin }: Found): Workspace {
    const workspace = new Workspace(this.#around.catalog, this.#around.journal, this.#around.windows);
    workspace.documents.open(document, kept);
    workspace.saving.opened(saved, origin);
    workspace.begin(() => this.#remember());
    void this.#around.runtime.restore(document);
    return workspace;
  }

  #remember(): void {
    if (this.#restoring) return;
    const { open, active } = this.#around.workspaces.getState();
    let tabs: readonly OpenTab[] = open.filter(({ id }) => id !== "").map(tabOf);
    const missing = this.#missing.filter(({ id }) => !tabs.some((tab) => tab.id === id));
    for (const { place, id, file } of missing) tabs = tabs.toSpliced(place, 0, { id, file });
    const isAwaited = active.id === this.#shown && missing.some(({ id }) => id === this.#wanted);
    if (tabs.length) rememberOpen(this.#around.journal, { tabs, active: isAwaited ? this.#wanted : active.id });
  }

  async #freeName(wanted: string): Promise<string> {
    const [{ workflows }, drafts] = await Promise.all([files.list(), files.drafts()]);
    const taken = [...workflows, ...drafts].map(({ name }) => name.toLowerCase());
    const open = this.#open.map(({ documents }) => documents.document.name.toLowerCase());
    const names = new Set([...taken, ...open]);
    for (let count = 1; ; count++) {
      const name = count === 1 ? wanted : `${wanted} ${count}`;
      if (!names.has(name.toLowerCase())) return name;
    }
  }
}

const NO_FILE: { readonly data: unknown; readonly etag: string } = { data: null, etag: "" };

/** A draft that goes on from the file as it was keeps that in mind, unless it is what was saved. */
async function fromDraft({ id, base }: DraftInfo, saved: Document | null, now: Pick<Found["kept"], "file">): Promise<Found> {
  const { workflow, etag, file, window, turn } = await files.draft(id);
  const document = { ...parseDocument(workflow), id };
  const then = saved && base && !isSame(document, saved) ? { file: { name: file ?? "", etag: base } } : now;
  return { document, saved, kept: { ...then, draft: etag }, before: window ? [[window, turn]] : [] };
}

/** What this browser has and the server has not. A draft that somebody else wrote since is met there. */
function fromJournal(entry: JournalEntry, saved: Document | null, base: Partial<DocumentState>, draft: DraftInfo | undefined): Found | null {
  const document = { ...parseDocument(parseJson(entry.text)), id: entry.id };
  const isSaved = saved !== null && isSame(document, saved);
  const file = saved && !isSaved && entry.file !== null && entry.base !== null ? { name: entry.file, etag: entry.base } : null;
  const kept = { ...base, ...(file && { file }), draft: draft ? entry.draft : null, keeping: entry.edited ? ("waiting" as const) : ("kept" as const) };
  return { document, saved, kept, pending: entry.edited, before: turnsOf(entry), found: true };
}

function isSameDocument({ id, documents }: Workspace, { document, kept }: Found): boolean {
  const file = documents.store.getState().file?.name;
  return id === document.id || (file !== undefined && file === kept.file?.name);
}

function isSame(one: Document, other: Document): boolean {
  return serialise(one) === serialise(other);
}

function tabOf({ id, documents }: Workspace): OpenTab {
  return { id, file: documents.store.getState().file?.name ?? null };
}

/** A file is called what its name says, whatever was written into it. */
function named(document: Document, file: string): Document {
  return { ...document, name: file.split("/").at(-1) ?? file };
}

function passApiError(error: unknown): null {
  if (error instanceof ApiError) return null;
  throw error;
}
