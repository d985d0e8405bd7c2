/** An open document with its history, the canvas that is open in it, and how it stands with its file. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { emptyDocument, graphAt, ROOT, validScope, type Document, type Graph, type Scope } from "../model/document/document";
import * as history from "../model/document/history";
import type { Written } from "./windows";

/** How an open document stands with the server. */
export type Keeping =
  /** The server has every edit. */
  | "kept"
  /** Edits wait a moment for more of them. */
  | "waiting"
  | "sending"
  /** The server cannot be reached; this browser keeps the edits. */
  | "offline"
  /** Another window changed the document too. */
  | "conflict"
  | "refused";

export interface SavedFile {
  /** With its folders. */
  readonly name: string;
  /** The state of the file that the document was read from or saved to. */
  readonly etag: string;
}

/** What another window made of the document. */
export interface Conflict {
  /** Whether it was saved there, or only edited. */
  readonly over: "draft" | "file";
  readonly theirs: Document;
  readonly etag: string;
  readonly by: string;
  /** The file's name, or the document's id. */
  readonly name: string;
}

export interface DocumentState {
  readonly editing: history.Editing;
  /** Which subgraph instance is open on the canvas; `ROOT` is the document's own graph. */
  readonly scope: Scope;
  /** `null` until the document is saved for the first time. */
  readonly file: SavedFile | null;
  /** The state of the server's draft; `null` while there is none. */
  readonly draft: string | null;
  /** Whether there are edits that are not saved to the file. */
  readonly edited: boolean;
  readonly keeping: Keeping;
  readonly conflict: Conflict | null;
  /** What another window wrote since; nothing was edited here that would stand against it. */
  readonly newer: Written | null;
  /** The server's words when it refused to keep or save. */
  readonly refusal: string;
  readonly savedAt: number | null;
}

const UNTOUCHED = {
  scope: ROOT,
  file: null,
  draft: null,
  edited: false,
  keeping: "kept",
  conflict: null,
  newer: null,
  refusal: "",
  savedAt: null,
} as const;

export class DocumentStore {
  readonly store: StoreApi<DocumentState> = createStore<DocumentState>()(() => ({
    editing: history.open(emptyDocument("", "")),
    ...UNTOUCHED,
  }));

  get document(): Document {
    return this.store.getState().editing.document;
  }

  get scope(): Scope {
    return this.store.getState().scope;
  }

  /** What is on the canvas: the graph that commands change. */
  get graph(): Graph {
    return graphAt(this.document, this.scope);
  }

  open(document: Document, kept: Partial<DocumentState> = {}): void {
    this.store.setState({ ...UNTOUCHED, editing: history.open(document), ...kept });
  }

  /** Go into an instance, or back out. */
  enter(scope: Scope): void {
    this.store.setState(({ editing }) => ({ scope: validScope(editing.document, scope) }));
  }

  /** Run a command on the open canvas. */
  run<Args>(command: history.Command<Args>, args: Args, gesture?: string): void {
    this.#edit((editing, scope) => history.run(editing, command, args, gesture, scope));
  }

  /** Change something beside the history, on the document's own graph. */
  amend<Args>(command: history.Command<Args>, args: Args): void {
    this.#edit((editing) => history.amend(editing, command, args));
  }

  /** Undo the last step and show the canvas it was done on. */
  undo(): void {
    const { past } = this.store.getState().editing;
    this.#edit(history.undo, past.at(-1)?.scope);
  }

  redo(): void {
    const { future } = this.store.getState().editing;
    this.#edit(history.redo, future.at(-1)?.scope);
  }

  #edit(change: (editing: history.Editing, scope: Scope) => history.Editing, show?: Scope): void {
    this.store.setState((state) => {
      const editing = change(state.editing, state.scope);
      if (editing === state.editing) return state;
      return { editing, scope: validScope(editing.document, show ?? state.scope) };
    });
  }
}
