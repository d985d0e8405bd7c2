/** An open document with its history, the canvas that is open in it, and how it stands with its file. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { emptyDocument, graphAt, ROOT, validScope, type Document, type Graph, type Scope } from "../model/document";
import * as history from "../model/history";

export type SaveState = "saved" | "waiting" | "saving" | "offline" | "conflict" | "refused";

export interface SavedFile {
  readonly name: string;
  /** What the server holds; `null` while it holds nothing. */
  readonly etag: string | null;
}

export interface DocumentState {
  readonly editing: history.Editing;
  /** Which subgraph instance is open on the canvas; `ROOT` is the document's own graph. */
  readonly scope: Scope;
  readonly file: SavedFile | null;
  readonly save: SaveState;
  /** The server's words when it refused to save. */
  readonly refusal: string;
  readonly savedAt: number | null;
}

export class DocumentStore {
  readonly store: StoreApi<DocumentState> = createStore<DocumentState>()(() => ({
    editing: history.open(emptyDocument("", "")),
    scope: ROOT,
    file: null,
    save: "saved",
    refusal: "",
    savedAt: null,
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

  open(document: Document, file: SavedFile | null): void {
    this.store.setState({
      editing: history.open(document),
      scope: ROOT,
      file,
      save: "saved",
      refusal: "",
      savedAt: null,
    });
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
