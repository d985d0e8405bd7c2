/** Undo and redo: one entry per action of a person. Selection and viewport are not in it. */
import type { Document } from "./document";
import { apply, Draft, invert, merge, type Patch } from "./patch";

/** A named way to change a document. Whatever it sets through the draft can be undone. */
export interface Command<Args> {
  readonly name: string;
  readonly change: (draft: Draft, args: Args) => void;
}

export interface Entry {
  readonly name: string;
  readonly patch: Patch;
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

/** Run a command. With a `gesture`, it joins the previous step of the same gesture. */
export function run<Args>(
  editing: Editing,
  command: Command<Args>,
  args: Args,
  gesture?: string,
): Editing {
  const draft = new Draft(editing.document);
  command.change(draft, args);
  if (draft.changes.length === 0) return editing;
  const entry = { name: command.name, patch: draft.changes, ...(gesture && { gesture }) };
  return { document: draft.document, past: joined(editing.past, entry), future: [] };
}

/** Change values beside the history, e.g. a seed drawn for a run: undo leaves them alone. */
export function amend<Args>(editing: Editing, command: Command<Args>, args: Args): Editing {
  const draft = new Draft(editing.document);
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

function joined(past: readonly Entry[], entry: Entry): readonly Entry[] {
  const last = past.at(-1);
  if (!entry.gesture || last?.gesture !== entry.gesture) return [...past, entry];
  const patch = merge(last.patch, entry.patch);
  return patch.length ? [...past.slice(0, -1), { ...last, patch }] : past.slice(0, -1);
}
