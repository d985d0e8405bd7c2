/** The open document with its history, and how it stands with the file on the server. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { emptyDocument, type Document } from "../model/document";
import * as history from "../model/history";

export type SaveState = "saved" | "waiting" | "saving" | "offline" | "conflict" | "refused";

export interface SavedFile {
  readonly name: string;
  /** What the server holds; `null` while it holds nothing. */
  readonly etag: string | null;
}

export interface DocumentState {
  readonly editing: history.Editing;
  readonly file: SavedFile | null;
  readonly save: SaveState;
  /** The server's words when it refused to save. */
  readonly refusal: string;
  readonly savedAt: number | null;
}

export class DocumentStore {
  readonly store: StoreApi<DocumentState> = createStore<DocumentState>()(() => ({
    editing: history.open(emptyDocument("", "")),
    file: null,
    save: "saved",
    refusal: "",
    savedAt: null,
  }));

  get document(): Document {
    return this.store.getState().editing.document;
  }

  open(document: Document, file: SavedFile | null): void {
    this.store.setState({ editing: history.open(document), file, save: "saved", refusal: "", savedAt: null });
  }

  run<Args>(command: history.Command<Args>, args: Args, gesture?: string): void {
    this.#edit((editing) => history.run(editing, command, args, gesture));
  }

  amend<Args>(command: history.Command<Args>, args: Args): void {
    this.#edit((editing) => history.amend(editing, command, args));
  }

  undo(): void {
    this.#edit(history.undo);
  }

  redo(): void {
    this.#edit(history.redo);
  }

  #edit(change: (editing: history.Editing) => history.Editing): void {
    this.store.setState(({ editing }) => ({ editing: change(editing) }));
  }
}
