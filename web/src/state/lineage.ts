/** Which states of which windows are in a document as it is shown. */
import type { Ground } from "../runtime/files";
import type { JournalEntry } from "./journalEntry";
import type { OpenWindows, Turn } from "./windows";

/** Windows before this one, the latest first, whose requests may still be on their way. */
const MOST_BEFORE = 20;

/** Where a document comes from, if it is not as the server has it. */
export interface Origin {
  /** Only this browser has it as it is now. */
  readonly pending?: boolean;
  /** The states of windows that it goes on from; the latest, which it is, comes first. */
  readonly before?: readonly Turn[];
  /** When the journal's entry was written that holds it. */
  readonly at?: number | null;
}

export class Lineage {
  readonly #windows: OpenWindows;
  /** Which of this window's states the document is in. */
  #turn = 0;
  /** States of windows before this one that this goes on from: their requests may come late. */
  #before: readonly Turn[] = [];
  /** When the journal's entry was written that this shows; `null` from the first edit on. */
  #foundAt: number | null = null;

  constructor(windows: OpenWindows) {
    this.#windows = windows;
  }

  opened({ before = [], at = null }: Origin): void {
    this.#turn = this.#windows.turn();
    this.#before = before.slice(0, MOST_BEFORE);
    this.#foundAt = at;
  }

  edited(): void {
    this.#turn = this.#windows.turn();
    this.#foundAt = null;
  }

  /** A person wants the document to be as it is here. */
  chosen(): void {
    this.#foundAt = null;
  }

  /** Whether this is what the journal had, not edited here: the window that wrote it may be open too. */
  get isFound(): boolean {
    return this.#foundAt !== null;
  }

  /** Up to when the journal's entries are in this, in milliseconds since 1970. */
  get at(): number {
    return this.#foundAt ?? Date.now();
  }

  get turn(): number {
    return this.#turn;
  }

  /** How the journal's entry names this state. */
  get own(): Pick<JournalEntry, "window" | "turn" | "before"> {
    return { window: this.#windows.own, turn: this.#turn, before: this.#before };
  }

  /**
   * The states that the server may have when this is written. What was found in the journal is the
   * state of the window that wrote it, which may write it too.
   */
  get turns(): Ground["turns"] {
    const own: readonly Turn[] = this.isFound ? [] : [[this.#windows.own, this.#turn]];
    return [...own, ...this.#before];
  }

  /** Whether a state of another window is in this. */
  has([window, turn]: Turn): boolean {
    return this.#before.some(([known, last]) => known === window && last >= turn);
  }
}
