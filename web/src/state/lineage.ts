/** Which states of which windows are in a document as it is shown. */
import { isIn, type JournalEntry } from "./journalEntry";
import type { OpenWindows, Turn } from "./windows";

/** Windows before this one, the latest first, whose requests may still be on their way. */
const MOST_BEFORE = 20;

/** Where a document comes from, if it is not as the server has it. */
export interface Origin {
  /** Only this browser has it as it is now. */
  readonly pending?: boolean;
  /** The states of windows that it goes on from; the latest, which it is, comes first. */
  readonly before?: readonly Turn[];
  /** The journal holds it as it is. */
  readonly found?: boolean;
}

export class Lineage {
  readonly #windows: OpenWindows;
  /** Which of this window's states the document is in. */
  #turn = 0;
  /** States of windows before this one that this goes on from: their requests may come late. */
  #before: readonly Turn[] = [];
  #isFound = false;

  constructor(windows: OpenWindows) {
    this.#windows = windows;
  }

  opened({ before = [], found = false }: Origin): void {
    this.#turn = this.#windows.turn();
    this.#before = before.slice(0, MOST_BEFORE);
    this.#isFound = found;
  }

  edited(): void {
    this.#turn = this.#windows.turn();
    this.#isFound = false;
  }

  /** A person wants the document to be as it is here. */
  chosen(): void {
    this.#isFound = false;
  }

  /** Whether this is what the journal had, not edited here: the window that wrote it may be open too. */
  get isFound(): boolean {
    return this.#isFound;
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
  get turns(): readonly Turn[] {
    const own: readonly Turn[] = this.#isFound ? [] : [[this.#windows.own, this.#turn]];
    return [...own, ...this.#before];
  }

  /** Whether a state of another window is in this. */
  has(state: Turn): boolean {
    return isIn(state, this.#before);
  }
}
