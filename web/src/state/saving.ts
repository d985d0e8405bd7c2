/**
 * Keeps every edit: in this browser at once, as a draft on the server soon after, and in the
 * workflow file when a person saves. Nothing is ever written over what somebody else wrote.
 */
import { changesBetween } from "../model/document/changes";
import type { Document } from "../model/document/document";
import { parseDocument, serialise } from "../model/format/format";
import { renameDocument, replaceDocument } from "../model/commands";
import { files } from "../runtime/files";
import { ApiError } from "../runtime/http";
import type { Conflict, DocumentStore } from "./document";
import type { Journal, JournalEntry } from "./journal";
import type { OpenWindows, Written } from "./windows";

/** Edits are gathered for so long; the server has each within two seconds. */
const DRAFT_MS = 700;
const AGAIN_MS = 2_500;
/** Characters: texts up to that are written with every edit, for a browser that ends without a word. */
const WRITTEN_AT_ONCE = 100_000;
/** Places that were changed since the journal's entry: of more, a new entry is written. */
const MOST_NOTED = 100;

/** Where a document can be saved when its name is taken. */
export class NameTaken extends Error {}

export class Saving {
  readonly #documents: DocumentStore;
  readonly #journal: Journal;
  readonly #windows: OpenWindows;
  #draftTimer: ReturnType<typeof setTimeout> | undefined;
  #sending: Promise<void> | null = null;
  /** The text that the file has, and the one that the draft has. */
  #saved = "";
  #drafted: Document | null = null;
  /** The journal's entry, which notes of edits go on from; `null` while it has none. */
  #entered: { readonly document: Document; readonly at: number; readonly facts: string } | null = null;
  /** How long the text was that was written down last. */
  #length = 0;
  /** Texts that were sent for the draft without an answer: the server may have any of them. */
  #unanswered: readonly string[] = [];

  constructor(documents: DocumentStore, journal: Journal, windows: OpenWindows) {
    this.#windows = windows;
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
    const hide = (): void => this.#writeAtOnce();
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

  /**
   * The document was just opened: `saved` is what its file holds, if it has one; `pending` says
   * that only this browser has it as it is now.
   */
  opened(saved: Document | null, pending = false): void {
    const { document, store } = this.#documents;
    this.#saved = saved ? serialise(saved) : "";
    this.#drafted = pending ? null : document;
    // The page before may have sent it as it went.
    this.#unanswered = pending ? [serialise(document)] : [];
    store.setState(({ draft }) => ({ edited: pending || draft !== null || (saved !== null && saved !== document) }));
    if (pending) this.#soon(0);
    else if (!store.getState().file && !store.getState().draft) this.#write(false);
  }

  /** The tab is closed: what was never edited leaves nothing behind. */
  async close(): Promise<void> {
    await this.keep();
    const { draft, edited } = this.#documents.store.getState();
    if (!draft && !edited) await this.#forget(Date.now());
  }

  /** Send what the server does not have. Resolves when it has it, or when it cannot be had now. */
  async keep(): Promise<void> {
    clearTimeout(this.#draftTimer);
    if (this.#sending) {
      await this.#sending;
      if (this.#documents.document !== this.#drafted) return this.keep();
      return;
    }
    this.#sending = this.#send();
    await this.#sending;
    this.#sending = null;
  }

  /**
   * Save to the document's file; one without a file gets one of its name. Saved under another name,
   * it is called so from then on, but not if that name is taken.
   */
  async save(as?: string): Promise<void> {
    await this.#sending;
    const { file } = this.#documents.store.getState();
    const { document } = this.#documents;
    const title = as?.split("/").at(-1)?.trim() || document.name;
    const name = as ?? file?.name ?? document.name;
    const text = serialise({ ...document, name: title });
    try {
      const etag = await files.save(name, text, file && name === file.name ? file.etag : null);
      this.#saved = text;
      const unchanged = this.#documents.document === document;
      if (this.#documents.document.name !== title) this.#documents.run(renameDocument, title);
      this.#documents.store.setState({ file: { name, etag }, newer: null, savedAt: Date.now(), refusal: "" });
      this.#windows.tell({ document: document.id, over: "file", etag, name });
      await this.#dropDraft(unchanged ? this.#documents.document : document);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 412) throw error;
      if (file && name === file.name) await this.#meet("file", name);
      else throw new NameTaken(name);
    }
  }

  /** Another window's version stays; ours goes over it, or theirs over ours (undo brings it back). */
  async settle(conflict: Conflict, keep: "mine" | "theirs"): Promise<void> {
    const { over, etag, theirs, name } = conflict;
    const seen = over === "draft" ? { draft: etag } : { file: { name, etag } };
    this.#documents.store.setState({ conflict: null, newer: null, keeping: "waiting", ...seen });
    if (keep === "theirs") this.#documents.run(replaceDocument, theirs);
    if (over === "file" && keep === "mine") return this.save();
    if (over === "file") this.#saved = serialise(theirs);
    return this.keep();
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
    const { over, etag, name } = written;
    const known = over === "draft" ? etag === draft : etag === file?.etag;
    if (written.document !== document.id || known || conflict) return;
    if (over === "file" && file && file.name !== name) return; // it is another file's now
    if (document === this.#drafted) store.setState({ newer: written });
    else if (over === "draft") void this.keep();
    else void this.#meet(over, name);
  }

  #changed(): void {
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
    this.#entered = { document: this.#documents.document, at: entry.at, facts: JSON.stringify(this.#facts()) };
    void this.#journal.write(entry);
  }

  /** Write down an edit: what is different from the journal's entry, or a new entry. */
  #note(): void {
    const { document } = this.#documents;
    const { at = 0, facts, document: before } = this.#entered ?? {};
    const changes = before && facts === JSON.stringify(this.#facts()) ? changesBetween(before, document) : null;
    if (!changes || changes.length > MOST_NOTED) this.#write();
    else void this.#journal.writeSince({ id: document.id, base: at, at: Date.now(), changes });
  }

  /** The server has everything up to `at`. */
  async #forget(at: number): Promise<void> {
    if (this.#entered && this.#entered.at <= at) this.#entered = null;
    await this.#journal.settle(this.#documents.document.id, at);
  }

  /** What the server does not have, kept before this returns. */
  #writeAtOnce(): void {
    if (this.#documents.document !== this.#drafted) this.#journal.writeAtOnce(this.#entry(true));
  }

  #entry(edited: boolean): JournalEntry {
    const { document } = this.#documents;
    const text = serialise(document);
    this.#length = text.length;
    return { ...this.#facts(), edited, window: this.#windows.own, id: document.id, text, at: Date.now() };
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
    const at = Date.now();
    // Undone back to what is saved: there is nothing to keep.
    if (text === this.#saved) return this.#dropDraft(document);
    store.setState({ keeping: "sending" });
    const { draft, ...facts } = this.#facts();
    this.#unanswered = [...this.#unanswered.slice(-2), text];
    try {
      const etag = await files.keepDraft(document.id, { ...facts, by: windowName(), text }, draft);
      this.#unanswered = [];
      this.#drafted = document;
      void this.#forget(at);
      const current = store.getState().editing.document === document;
      store.setState({ draft: etag, newer: null, keeping: current ? "kept" : "waiting", refusal: "" });
      this.#windows.tell({ document: document.id, over: "draft", etag, name: document.id });
      if (!current) this.#soon(DRAFT_MS);
    } catch (error) {
      await this.#failed(error);
    }
  }

  async #failed(error: unknown): Promise<void> {
    if (!(error instanceof ApiError)) throw error;
    const { store } = this.#documents;
    if (error.status === 0 || error.status >= 500) {
      store.setState({ keeping: "offline" });
      this.#soon(AGAIN_MS);
    } else if (error.status === 412) await this.#meet("draft", this.#documents.document.id);
    else store.setState({ keeping: "refused", refusal: [error.message, error.hint].filter(Boolean).join(" ") });
  }

  /** Another window wrote what stands against ours: a person chooses. */
  async #meet(over: Conflict["over"], name: string): Promise<void> {
    const conflict = await this.#theirs(over, name);
    if (conflict && over === "draft" && this.#unanswered.includes(serialise(conflict.theirs))) {
      // It is our own, sent when no answer could come.
      this.#documents.store.setState({ draft: conflict.etag, keeping: "waiting" });
      this.#soon(0);
    } else if (conflict) this.#documents.store.setState({ keeping: "conflict", conflict, newer: null });
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
      if (error.status === 404) this.#documents.store.setState({ draft: null, newer: null });
      return null;
    }
  }

  /** What was just saved needs no draft any more, unless it was edited meanwhile. */
  async #dropDraft(saved: Document): Promise<void> {
    const { store } = this.#documents;
    const { draft } = store.getState();
    if (this.#documents.document !== saved) return this.#soon(0);
    this.#drafted = saved;
    clearTimeout(this.#draftTimer);
    store.setState({ edited: false, keeping: "kept", draft: null });
    void this.#forget(Date.now());
    if (draft !== null) await files.dropDraft(saved.id, draft).catch(() => {});
  }

  /** The page is being closed: write down what is not kept, without waiting for an answer. */
  #leave(): void {
    const { document, store } = this.#documents;
    if (document === this.#drafted) return;
    this.#writeAtOnce();
    if (store.getState().conflict) return;
    const { draft, ...facts } = this.#facts();
    files.keepDraft(document.id, { ...facts, by: windowName(), text: serialise(document) }, draft, true).catch(() => {});
  }
}

/** How another window is told who wrote: the kind of browser is as much as it knows. */
function windowName(): string {
  const { userAgent } = navigator;
  return ["Firefox", "Edg", "Chrome", "Safari"].find((name) => userAgent.includes(name)) ?? "";
}
