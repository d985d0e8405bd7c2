/**
 * Keeps every edit: in this browser at once, as a draft on the server soon after, and in the
 * workflow file when a person saves. Nothing is ever written over what somebody else wrote.
 */
import { changesBetween } from "../model/document/changes";
import type { Document } from "../model/document/document";
import { parseDocument, serialise } from "../model/format/format";
import { renameDocument, replaceDocument } from "../model/commands";
import { files, type Ground } from "../runtime/files";
import { ApiError, ifMissing } from "../runtime/http";
import type { Conflict, DocumentStore } from "./document";
import type { Journal } from "./journal";
import { isIn, stateOf, type JournalEntry } from "./journalEntry";
import { Lineage, type Origin } from "./lineage";
import type { OpenWindows, Turn, Written } from "./windows";

/** Edits are gathered for so long; the server has each within two seconds. */
const DRAFT_MS = 700;
const AGAIN_MS = 2_500;
/** Characters: texts up to that are written with every edit, for a browser that ends without a word. */
const WRITTEN_AT_ONCE = 100_000;
/** Places that were changed since the journal's entry: of more, a new entry is written. */
const MOST_NOTED = 100;

/** The status of a server that has room for no more, and says so. */
const NO_ROOM = 507;

/** Where a document can be saved when its name is taken. */
export class NameTaken extends Error {}

export class Saving {
  readonly #documents: DocumentStore;
  readonly #journal: Journal;
  readonly #windows: OpenWindows;
  readonly #lineage: Lineage;
  #draftTimer: ReturnType<typeof setTimeout> | undefined;
  /** What is asked of the server, one after the other. */
  #asked: Promise<unknown> = Promise.resolve();
  /** The text that the file has, and the one that the draft has. */
  #saved = "";
  #drafted: Document | null = null;
  /** The journal's entry, which notes of edits go on from; `null` while it has none. */
  #entered: { readonly document: Document; readonly at: number; readonly state: Turn; readonly facts: string } | null = null;
  /** How long the text was that was written down last. */
  #length = 0;
  /** A save without an answer: the file may have that text. */
  #unheard: { readonly name: string; readonly text: string } | null = null;

  constructor(documents: DocumentStore, journal: Journal, windows: OpenWindows) {
    this.#windows = windows;
    this.#lineage = new Lineage(windows);
    this.#documents = documents;
    this.#journal = journal;
  }

  /** Watch the document from now on. Returns what ends it. */
  start(): () => void {
    const stop = this.#documents.store.subscribe((state, before) => {
      if (state.editing.document !== before.editing.document && state.editing.document !== this.#drafted) this.#changed();
    });
    const leave = (): void => this.#leave();
    // Where pages are put to sleep, being hidden is the last that they hear.
    const hide = (): void => this.#writeHidden();
    addEventListener("pagehide", leave);
    addEventListener("visibilitychange", hide);
    const unhear = this.#windows.hear((written) => this.#heard(written));
    return () => {
      stop();
      unhear();
      removeEventListener("pagehide", leave);
      removeEventListener("visibilitychange", hide);
      clearTimeout(this.#draftTimer);
    };
  }

  /** The document was just opened: `saved` is what its file holds, if it has one. */
  opened(saved: Document | null, origin: Origin = {}): void {
    const { document, store } = this.#documents;
    const { draft, file } = store.getState();
    const { pending = false } = origin;
    this.#lineage.opened(origin);
    this.#saved = saved ? serialise(saved) : "";
    // The page before may have gone while it was saving.
    const isSaved = saved === document || this.#saved === serialise(document);
    const isKept = !pending && (draft === null || !isSaved);
    this.#drafted = isKept ? document : null;
    store.setState({ edited: saved === null ? pending || draft !== null : !isSaved });
    if (!this.#lineage.isFound && (pending || (!file && !draft))) this.#write(pending);
    if (!isKept) this.#soon(0);
  }

  /** The tab is closed: what was never edited leaves nothing behind. */
  async close(): Promise<void> {
    await this.keep();
    const { draft, edited } = this.#documents.store.getState();
    if (!draft && !edited) await this.#forget(this.#lineage.turns);
  }

  /** Send what the server does not have. Resolves when it has it, or when it cannot be had now. */
  async keep(): Promise<void> {
    clearTimeout(this.#draftTimer);
    return this.#ask(() => this.#send());
  }

  /**
   * Save to the document's file; one without a file gets one of its name. Saved under another name,
   * it is called so from then on, but not if that name is taken.
   */
  async save(as?: string): Promise<void> {
    return this.#ask(() => this.#save(as));
  }

  async #save(as?: string): Promise<void> {
    const { document, store } = this.#documents;
    const name = as ?? store.getState().file?.name ?? document.name;
    await this.#hearAgain(name);
    const { file } = store.getState();
    const title = as?.split("/").at(-1)?.trim() || document.name;
    const text = serialise({ ...document, name: title });
    try {
      const etag = await files.save(name, text, file && name === file.name ? file.etag : null);
      this.#saved = text;
      const unchanged = this.#documents.document === document;
      if (this.#documents.document.name !== title) this.#documents.run(renameDocument, title);
      store.setState({ file: { name, etag }, newer: null, savedAt: Date.now(), refusal: "" });
      this.#windows.tell({ document: document.id, over: "file", etag, name });
      await this.#dropDraft(unchanged ? this.#documents.document : document);
    } catch (error) {
      if (error instanceof ApiError && isSilence(error)) this.#unheard = { name, text };
      if (!(error instanceof ApiError) || error.status !== 412) throw error;
      if (!file || name !== file.name) throw new NameTaken(name);
      await this.#meet("file", name);
      // It was deleted: this is a new one.
      if (!store.getState().file) await this.#save(name);
    }
  }

  /** Whether the last save was done after all, if it was not answered and this is to the same file. */
  async #hearAgain(name: string): Promise<void> {
    if (this.#unheard?.name !== name) return;
    const { text } = this.#unheard;
    const there = await files.read(name).catch(ifMissing(null));
    this.#unheard = null;
    if (there && serialise(parseDocument(there.data)) === text) this.#documents.store.setState({ file: { name, etag: there.etag } });
  }

  async #ask(work: () => Promise<void>): Promise<void> {
    const done = this.#asked.then(work);
    this.#asked = done.catch(() => {});
    return done;
  }

  /** Another window's version stays; ours goes over it, or theirs over ours (undo brings it back). */
  async settle(conflict: Conflict, keep: "mine" | "theirs"): Promise<void> {
    const { over, etag, theirs, name } = conflict;
    const seen = over === "draft" ? { draft: etag } : { file: { name, etag } };
    this.#lineage.chosen();
    this.#documents.store.setState({ conflict: null, newer: null, keeping: "waiting", ...seen });
    if (keep === "theirs") this.#documents.run(replaceDocument, theirs);
    if (over === "draft" && keep === "theirs") return this.#take();
    if (over === "file" && keep === "mine") return this.save();
    if (over === "file") this.#saved = serialise(theirs);
    return this.keep();
  }

  /** The document is what the server has: writing it again would be news to the window that wrote it. */
  #take(): void {
    clearTimeout(this.#draftTimer);
    this.#drafted = this.#documents.document;
    this.#documents.store.setState({ keeping: "kept", refusal: "" });
    void this.#forget(this.#lineage.turns);
  }

  /** Show what another window wrote since; undo brings back what was here. */
  async follow(): Promise<void> {
    const { newer } = this.#documents.store.getState();
    const found = newer && (await this.#theirs(newer.over, newer.name));
    if (!found) return;
    // Who saves to the file lets go of the draft.
    if (found.over === "file") this.#documents.store.setState({ draft: null });
    await this.settle(found, "theirs");
  }

  /** Another window wrote: that can be shown here, unless something was edited here meanwhile. */
  #heard(written: Written): void {
    const { document, store } = this.#documents;
    const { conflict, draft, file } = store.getState();
    const { over, etag, name, state } = written;
    if (written.document === document.id && state && this.#lineage.has(state)) return store.setState({ draft: etag });
    const known = over === "draft" ? etag === draft : etag === file?.etag;
    if (written.document !== document.id || known || conflict) return;
    if (over === "file" && file && file.name !== name) return; // it is another file's now
    if (document === this.#drafted || this.#lineage.isFound) store.setState({ newer: written });
    else if (over === "draft") void this.keep();
    else void this.#meet(over, name);
  }

  #changed(): void {
    this.#lineage.edited();
    const { conflict, edited, keeping } = this.#documents.store.getState();
    // Said once, not with every keystroke.
    if (!edited || (!conflict && keeping !== "waiting"))
      this.#documents.store.setState({ edited: true, ...(!conflict && { keeping: "waiting" }) });
    if (this.#length <= WRITTEN_AT_ONCE) this.#writeAtOnce();
    this.#note();
    this.#soon(DRAFT_MS);
  }

  #soon(ms: number): void {
    clearTimeout(this.#draftTimer);
    this.#draftTimer = setTimeout(() => void this.keep(), ms);
  }

  #write(edited = true): void {
    const entry = this.#entry(edited);
    this.#entered = { document: this.#documents.document, at: entry.at, state: stateOf(entry), facts: JSON.stringify(this.#facts()) };
    void this.#journal.write(entry);
  }

  /** Write down an edit: what is different from the journal's entry, or a new entry. */
  #note(): void {
    const { document } = this.#documents;
    const { at = 0, facts, document: before } = this.#entered ?? {};
    const changes = before && facts === JSON.stringify(this.#facts()) ? changesBetween(before, document) : null;
    if (!changes || changes.length > MOST_NOTED) this.#write();
    else void this.#journal.writeSince({ id: document.id, base: at, at: Date.now(), turn: this.#lineage.turn, changes });
  }

  /** The server has these states. */
  async #forget(states: readonly Turn[]): Promise<void> {
    if (this.#entered && isIn(this.#entered.state, states)) this.#entered = null;
    await this.#journal.settle(this.#documents.document.id, states);
  }

  /** What the server does not have, kept before this returns; what was found in the journal is there. */
  #writeAtOnce(): void {
    if (!this.#lineage.isFound && this.#documents.document !== this.#drafted) this.#journal.writeAtOnce(this.#entry(true));
  }

  /** The page may be asleep from now on; what is edited after all does not go on from an older entry. */
  #writeHidden(): void {
    this.#writeAtOnce();
    this.#entered = null;
  }

  #entry(edited: boolean): JournalEntry {
    const { document } = this.#documents;
    const text = serialise(document);
    this.#length = text.length;
    return { ...this.#facts(), ...this.#lineage.own, edited, id: document.id, text, at: Date.now() };
  }

  /** What may be there when the document is written as it is now. */
  #ground(etag: string | null): Ground {
    return { etag, turns: this.#lineage.turns };
  }

  #facts() {
    const { file, draft, editing } = this.#documents.store.getState();
    return { name: editing.document.name, file: file?.name ?? null, base: file?.etag ?? null, draft };
  }

  async #send(): Promise<void> {
    const { document, store } = this.#documents;
    const { conflict } = store.getState();
    if (conflict || document === this.#drafted) return;
    const text = serialise(document);
    // Undone back to what is saved: there is nothing to keep.
    if (text === this.#saved) return this.#dropDraft(document);
    store.setState({ keeping: "sending" });
    const { draft, ...facts } = this.#facts();
    const ground = this.#ground(draft);
    try {
      const { etag, late } = await files.keepDraft(document.id, { ...facts, by: windowName(), text }, ground);
      // Another window has it, and went on.
      const overtaken = late && etag !== null;
      this.#drafted = document;
      void this.#forget(ground.turns);
      const current = store.getState().editing.document === document;
      const written: Written | null = etag === null ? null : { document: document.id, over: "draft", etag, name: document.id, state: ground.turns[0] };
      store.setState({ draft: overtaken ? draft : etag, newer: overtaken ? written : null, keeping: current ? "kept" : "waiting", refusal: "" });
      if (written && !overtaken) this.#windows.tell(written);
      if (!current) this.#soon(DRAFT_MS);
    } catch (error) {
      await this.#failed(error);
    }
  }

  async #failed(error: unknown): Promise<void> {
    if (!(error instanceof ApiError)) throw error;
    const { store } = this.#documents;
    if (isSilence(error)) {
      store.setState({ keeping: "offline" });
      this.#soon(AGAIN_MS);
    } else if (error.status === 412) await this.#meet("draft", this.#documents.document.id);
    else store.setState({ keeping: "refused", refusal: [error.message, error.hint].filter(Boolean).join(" ") });
  }

  /** Another window wrote what stands against ours: a person chooses, unless nothing was edited here. */
  async #meet(over: Conflict["over"], name: string): Promise<void> {
    const conflict = await this.#theirs(over, name);
    const { document, store } = this.#documents;
    if (conflict && over === "draft" && this.#lineage.isFound) {
      this.#drafted = document;
      store.setState({ keeping: "kept", newer: { document: document.id, over, etag: conflict.etag, name } });
    } else if (conflict) store.setState({ keeping: "conflict", conflict, newer: null });
    else this.#soon(DRAFT_MS);
  }

  /** What another window wrote; `null` if it cannot be had. */
  async #theirs(over: Conflict["over"], name: string): Promise<Conflict | null> {
    try {
      if (over === "file") {
        const { data, etag } = await files.read(name);
        return { over, theirs: parseDocument(data), etag, by: "", name };
      }
      const { workflow, etag, by } = await files.draft(name);
      return { over, theirs: parseDocument(workflow), etag, by, name };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // It was saved or thrown away there: nothing stands in the way of a new draft.
      if (error.status === 404) this.#documents.store.setState({ [over]: null, newer: null });
      return null;
    }
  }

  /** What was just saved needs no draft any more, unless it was edited meanwhile. */
  async #dropDraft(saved: Document): Promise<void> {
    const { store } = this.#documents;
    if (this.#documents.document !== saved) return this.#soon(0);
    const { turns } = this.#lineage;
    clearTimeout(this.#draftTimer);
    store.setState({ edited: false });
    const { draft } = store.getState();
    try {
      // Also where none is known: one may be on its way, from here or from another window.
      await files.dropDraft(saved.id, this.#ground(draft)).catch(ifGone);
    } catch (error) {
      this.#drafted = null; // to be tried again
      return this.#failed(error);
    }
    store.setState({ draft: null });
    void this.#forget(turns);
    if (this.#documents.document !== saved) return;
    this.#drafted = saved;
    store.setState({ keeping: "kept" });
  }

  /** The page is being closed: write down what is not kept, without waiting for an answer. */
  #leave(): void {
    const { document, store } = this.#documents;
    if (document === this.#drafted) return;
    this.#writeAtOnce();
    if (store.getState().conflict) return;
    const { draft, ...facts } = this.#facts();
    const [text, ground] = [serialise(document), this.#ground(draft)];
    const told = text === this.#saved ? files.dropDraft(document.id, ground) : files.keepDraft(document.id, { ...facts, by: windowName(), text }, ground, true);
    told.catch(() => {});
  }
}

/** For `catch`: a draft that another window dropped, or wrote since, is not ours to drop. */
function ifGone(error: unknown): void {
  if (!(error instanceof ApiError) || (error.status !== 404 && error.status !== 412)) throw error;
}

/** Whether the server said nothing, or nothing about what was asked: it may have done it. */
function isSilence(error: ApiError): boolean {
  return error.status === 0 || (error.status >= 500 && error.status !== NO_ROOM);
}

/** How another window is told who wrote: the kind of browser is as much as it knows. */
function windowName(): string {
  const { userAgent } = navigator;
  return ["Firefox", "Edg", "Chrome", "Safari"].find((name) => userAgent.includes(name)) ?? "";
}
