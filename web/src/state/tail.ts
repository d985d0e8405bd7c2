/**
 * The last edits of a page that goes, written without waiting: nothing else that a browser offers
 * is sure to be done by then. The journal takes them over at the next start.
 */
import { isRecord } from "../model/format/format";
import { isIn, stateOf, type JournalEntry } from "./journalEntry";
import type { Turn } from "./windows";

const PREFIX = "wirebrush.tail.";
/** Characters: browsers give five million to all that a page keeps here. */
const LONGEST = 2_000_000;

/** Where tails are kept, as far as it is used: `localStorage`. */
export type TailStorage = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

export class Tail {
  readonly #storage: TailStorage | null;

  constructor(storage: TailStorage | null = ofBrowser()) {
    this.#storage = storage;
  }

  /** Keep an entry. One that is too long, or finds no room, is left to the journal. */
  write(entry: JournalEntry): void {
    if (entry.text.length > LONGEST) return;
    try {
      this.#storage?.setItem(PREFIX + entry.id, JSON.stringify(entry));
    } catch {
      // full or forbidden
    }
  }

  /** All that is kept. */
  all(): JournalEntry[] {
    const storage = this.#storage;
    if (!storage) return [];
    const keys = Array.from({ length: storage.length }, (_, place) => storage.key(place) ?? "");
    return keys.filter((key) => key.startsWith(PREFIX)).flatMap((key) => entryIn(storage.getItem(key)) ?? []);
  }

  /** Somebody else has these states of a document; another entry stays. */
  settle(id: string, states: readonly Turn[]): void {
    const entry = entryIn(this.#storage?.getItem(PREFIX + id) ?? null);
    if (entry && isIn(stateOf(entry), states)) this.#storage?.removeItem(PREFIX + id);
  }
}

function ofBrowser(): TailStorage | null {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null; // forbidden
  }
}

function entryIn(text: string | null): JournalEntry | null {
  try {
    const data: unknown = JSON.parse(text ?? "null");
    const ours = isRecord(data) && typeof data["id"] === "string" && typeof data["text"] === "string" && typeof data["at"] === "number";
    return ours ? (data as unknown as JournalEntry) : null;
  } catch {
    return null; // cut short or not ours
  }
}
