/** What a browser keeps of one document. */
import type { Turn } from "./windows";

export interface JournalEntry {
  /** The document's id. */
  readonly id: string;
  readonly name: string;
  readonly file: string | null;
  readonly base: string | null;
  /** The state of the server's draft that this goes on from. */
  readonly draft: string | null;
  /** The workflow file's text. */
  readonly text: string;
  /** Whether there are edits in it; a template that is only looked at is to be there again too. */
  readonly edited: boolean;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The window that wrote it. */
  readonly window: string;
  /** Which of its states this is. Earlier versions did not count. */
  readonly turn?: number;
  /** States of windows before it that this goes on from, and that the server may have. */
  readonly before?: readonly Turn[];
}

/** Whether a state of a window is one of those, or before one. */
export function isIn([window, turn]: Turn, states: readonly Turn[]): boolean {
  return states.some(([known, last]) => known === window && last >= turn);
}

/** The states that are in what an entry holds; the latest comes first. */
export function turnsOf(entry: JournalEntry): readonly Turn[] {
  return [stateOf(entry), ...(entry.before ?? [])];
}

/** Which state of which window an entry holds. */
export function stateOf({ window, turn = 0 }: JournalEntry): Turn {
  return [window, turn];
}
