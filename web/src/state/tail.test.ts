import { expect, test } from "vitest";
import type { JournalEntry } from "./journalEntry";
import { Tail, type TailStorage } from "./tail";

class Kept implements TailStorage {
  readonly #values = new Map<string, string>();

  readonly #most: number;

  constructor(most = Infinity) {
    this.#most = most;
  }

  get length(): number {
    return this.#values.size;
  }

  key(place: number): string | null {
    return [...this.#values.keys()][place] ?? null;
  }

  getItem(key: string): string | null {
    return this.#values.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    if (value.length > this.#most) throw new DOMException("full", "QuotaExceededError");
    this.#values.set(key, value);
  }

  removeItem(key: string): void {
    this.#values.delete(key);
  }
}

function entry(id: string, at: number, text = "{}"): JournalEntry {
  return { id, name: id, file: null, base: null, draft: null, text, edited: true, at, window: "w" };
}

test("keeps the latest entry of each document", () => {
  const tail = new Tail(new Kept());
  tail.write(entry("a", 1));
  tail.write(entry("b", 2));
  tail.write(entry("a", 3, "later"));
  expect(tail.all()).toEqual([entry("a", 3, "later"), entry("b", 2)]);
});

test("forgets what somebody else has, but nothing later", () => {
  const tail = new Tail(new Kept());
  tail.write({ ...entry("a", 5), turn: 5 });
  tail.settle("a", [["w", 4], ["another window", 9]]);
  expect(tail.all()).toHaveLength(1);
  tail.settle("a", [["another window", 9], ["w", 5]]);
  expect(tail.all()).toEqual([]);
});

test("passes over what is too long, finds no room, or is not its own", () => {
  const storage = new Kept(1_000);
  storage.setItem("wirebrush.settings", "{}");
  storage.setItem("wirebrush.tail.torn", '{"id":"to');
  const tail = new Tail(storage);
  tail.write(entry("a", 1, "x".repeat(2_000)));
  tail.write(entry("a", 1, "x".repeat(3_000_000)));
  expect(tail.all()).toEqual([]);
});

test("a browser without storage keeps nothing and does not complain", () => {
  const tail = new Tail(null);
  tail.write(entry("a", 1));
  tail.settle("a", [["w", 1]]);
  expect(tail.all()).toEqual([]);
});
