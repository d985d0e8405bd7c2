/** Undo and redo: one entry per action of a person. Selection and viewport are not in it. */
import { definitionAt, ROOT, validScope, type Document, type Scope } from "./document";
import { apply, Draft, invert, merge, type Patch, type Path } from "./patch";

/** A named way to change a document. Whatever it sets through the draft can be undone. */
export interface Command<Args> {
  readonly name: string;
  readonly change: (draft: Draft, args: Args) => void;
}

export interface Entry {
  readonly name: string;
  readonly patch: Patch;
  /** The canvas it was done on, so that undo can show what it changes. */
  readonly scope: Scope;
  /** Entries with the same key are one gesture (a drag, a scrub) and become one step. */
  readonly gesture?: string;
}

export interface Editing {
  readonly document: Document;
  readonly past: readonly Entry[];
  readonly future: readonly Entry[];
}

export function open(document: Document): Editing {
  return { document, past: [], future: [] };
}

/**
 * Run a command on the graph of a scope. With a `gesture`, it joins the previous step of the same
 * gesture.
 */
export function run<Args>(
  editing: Editing,
  command: Command<Args>,
  args: Args,
  gesture?: string,
  scope: Scope = ROOT,
): Editing {
  const draft = new Draft(editing.document, graphPath(editing.document, scope));
  command.change(draft, args);
  if (draft.changes.length === 0) return editing;
  const entry = { name: command.name, patch: draft.changes, scope, ...(gesture && { gesture }) };
  return { document: draft.document, past: joined(editing.past, entry), future: [] };
}

/** Change values beside the history, e.g. a seed drawn for a run: undo leaves them alone. */
export function amend<Args>(editing: Editing, command: Command<Args>, args: Args, scope: Scope = ROOT): Editing {
  const draft = new Draft(editing.document, graphPath(editing.document, scope));
  command.change(draft, args);
  return draft.changes.length ? { ...editing, document: draft.document } : editing;
}

export function undo(editing: Editing): Editing {
  const entry = editing.past.at(-1);
  if (!entry) return editing;
  return {
    document: apply(editing.document, invert(entry.patch)),
    past: editing.past.slice(0, -1),
    future: [...editing.future, entry],
  };
}

export function redo(editing: Editing): Editing {
  const entry = editing.future.at(-1);
  if (!entry) return editing;
  return {
    document: apply(editing.document, entry.patch),
    past: [...editing.past, entry],
    future: editing.future.slice(0, -1),
  };
}

/** Where the graph of a scope lies in the document. */
function graphPath(document: Document, scope: Scope): Path {
  const definition = definitionAt(document, validScope(document, scope));
  return definition ? ["subgraphs", definition] : [];
}

function joined(past: readonly Entry[], entry: Entry): readonly Entry[] {
  const last = past.at(-1);
  if (!entry.gesture || last?.gesture !== entry.gesture) return [...past, entry];
  const patch = merge(last.patch, entry.patch);
  return patch.length ? [...past.slice(0, -1), { ...last, patch }] : past.slice(0, -1);
}
