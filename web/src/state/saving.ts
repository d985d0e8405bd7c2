/** Saves every edit to the server, soon after it was made, never over somebody else's. */
import { serialise } from "../model/format";
import { renameDocument } from "../model/commands";
import { files } from "../runtime/files";
import { ApiError } from "../runtime/http";
import type { DocumentStore, SavedFile } from "./document";

const SOON_MS = 700;
const AGAIN_MS = 3_000;

export class Saving {
  readonly #documents: DocumentStore;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #busy = false;
  #saved = "";

  constructor(documents: DocumentStore) {
    this.#documents = documents;
  }

  /** Watch the document from now on; `saved` is its text as the server has it. */
  start(): () => void {
    const stop = this.#documents.store.subscribe((state, before) => {
      if (state.editing.document !== before.editing.document && state.file) this.#soon(SOON_MS);
    });
    const leave = (): void => this.#leave();
    addEventListener("pagehide", leave);
    return () => {
      stop();
      removeEventListener("pagehide", leave);
      clearTimeout(this.#timer);
    };
  }

  /** Nothing is to be saved until the next edit: a template that is only looked at makes no file. */
  settled(): void {
    clearTimeout(this.#timer);
    this.#saved = serialise(this.#documents.document);
    this.#documents.store.setState({ save: "saved" });
  }

  /** Save although nothing was edited: an opened file is to be kept. */
  async saveNew(): Promise<void> {
    this.#saved = "";
    await this.save();
  }

  /** Save until nothing is left to save: what was typed meanwhile too. */
  async flush(): Promise<void> {
    for (let tries = 0; tries < 5 && serialise(this.#documents.document) !== this.#saved; tries++) {
      // One after the other: each save must see the etag of the one before.
      // oxlint-disable-next-line no-await-in-loop
      await this.save();
    }
  }

  /** Save what is open over what the server holds, whatever it is. */
  async keepMine(): Promise<void> {
    const { file } = this.#documents.store.getState();
    if (!file) return;
    const { etag } = await files.read(file.name);
    this.#documents.store.setState({ file: { ...file, etag }, save: "waiting" });
    await this.save();
  }

  async save(): Promise<void> {
    clearTimeout(this.#timer);
    const { file, save } = this.#documents.store.getState();
    if (!file || save === "conflict") return;
    if (this.#busy) return this.#soon(SOON_MS);
    const document = this.#documents.document;
    const text = serialise(document);
    if (text === this.#saved && file.name === document.name) {
      this.#documents.store.setState({ save: "saved" });
      return;
    }
    this.#busy = true;
    this.#documents.store.setState({ save: "saving" });
    try {
      const kept = await this.#write(file, document.name, text);
      this.#saved = text;
      const still = this.#documents.store.getState().file === file;
      if (still) this.#documents.store.setState({ file: kept, save: "saved", refusal: "", savedAt: Date.now() });
    } catch (error) {
      this.#failed(error, file);
    } finally {
      this.#busy = false;
    }
    if (serialise(this.#documents.document) !== this.#saved) this.#soon(SOON_MS);
  }

  /** A renamed document is saved under its new name first; only then the old file goes. */
  async #write(file: SavedFile, name: string, text: string): Promise<SavedFile> {
    if (name === file.name) return { name, etag: await files.save(name, text, file.etag) };
    const etag = await files.save(name, text, null);
    if (file.etag !== null) await files.remove(file.name, file.etag);
    return { name, etag };
  }

  #failed(error: unknown, file: SavedFile): void {
    if (!(error instanceof ApiError)) throw error;
    const { document } = this.#documents;
    const renamed = document.name !== file.name;
    if (error.status === 0 || error.status >= 500) {
      this.#documents.store.setState({ save: "offline" });
      this.#soon(AGAIN_MS);
    } else if (renamed) {
      // The name is taken or no name: the document keeps its old one, and the page says why.
      this.#documents.amend(renameDocument, file.name);
      this.#documents.store.setState({ save: "refused", refusal: error.message });
    } else if (error.status === 412) {
      this.#documents.store.setState({ save: "conflict" });
    } else this.#documents.store.setState({ save: "refused", refusal: error.message });
  }

  #soon(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#documents.store.getState().save === "saved")
      this.#documents.store.setState({ save: "waiting" });
    this.#timer = setTimeout(() => void this.save(), ms);
  }

  /** The page is being closed: send what is not saved, without waiting for an answer. */
  #leave(): void {
    const { file, save } = this.#documents.store.getState();
    const text = serialise(this.#documents.document);
    if (!file || save === "conflict" || text === this.#saved) return;
    files.save(file.name, text, file.etag).catch(() => {});
  }
}
