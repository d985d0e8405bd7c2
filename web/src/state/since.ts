/** Edits as small notes on an entry of the journal: written with every letter, however large the document. */
import { withChanges, type Placed } from "../model/document/changes";
import { parseDocument, serialise } from "../model/format/format";
import { parseJson } from "../model/format/json";
import { stateOf, type JournalEntry } from "./journalEntry";
import type { Turn } from "./windows";

/** What was changed since an entry was written. */
export interface Since {
  /** The document's id. */
  readonly id: string;
  /** When the entry was written that this goes on from. */
  readonly base: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Which state of the window this is. Earlier versions did not count. */
  readonly turn?: number;
  readonly changes: readonly Placed[];
}

/** When an entry, or what was changed since, was written: milliseconds since 1970. */
export function lastWritten(entry: JournalEntry, since: Since | undefined): number {
  return since?.base === entry.at ? since.at : entry.at;
}

/** Which state an entry is with what was changed since. */
export function lastStateOf(entry: JournalEntry, since: Since | undefined): Turn {
  return since?.base === entry.at ? [entry.window, since.turn ?? 0] : stateOf(entry);
}

/** An entry with what was changed since; notes on another entry say nothing about this one. */
export function withSince(entry: JournalEntry, since: Since | undefined): JournalEntry {
  if (since?.base !== entry.at) return entry;
  const document = withChanges(parseDocument(parseJson(entry.text)), since.changes);
  return { ...entry, name: document.name, text: serialise(document), at: since.at, turn: since.turn ?? 0, edited: true };
}
