/**
 * Edits as this browser keeps them, until the server has them too: a page that is closed, or a
 * server that is gone, costs nothing.
 */
import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import { isIn, stateOf, type JournalEntry } from "./journalEntry";
import type { OpenTabs } from "./openTabs";
import { lastStateOf, lastWritten, withSince, type Since } from "./since";
import { Tail } from "./tail";
import type { Turn } from "./windows";

interface Schema extends DBSchema {
  edits: { key: string; value: JournalEntry };
  /** What was changed since an entry was written, by document. */
  since: { key: string; value: Since };
  /** Under `OPEN`: what was open last. Other stores of a browser are written seconds later. */
  tabs: { key: string; value: OpenTabs };
}

const OPEN = "open";
/** Written through to the disk: the moment after may be the browser's last. */
const STRICT = { durability: "strict" } as const;
/** With the system as soon as the transaction ends: a browser that is killed takes nothing along. */
const RELAXED = { durability: "relaxed" } as const;
const BOTH = ["edits", "since"] as const;

export class Journal {
  readonly #tail = new Tail();
  readonly #database: Promise<IDBPDatabase<Schema> | null>;

  constructor(name = "wirebrush") {
    // Forbidden or broken: the server's drafts are still there.
    this.#database = opened(name).then((database) => this.#takeOver(database), () => null);
  }

  /** Keep an entry before this returns: the page is going. */
  writeAtOnce(entry: JournalEntry): void {
    this.#tail.write(entry);
  }

  async write(entry: JournalEntry): Promise<void> {
    await this.#try(null, async (database) => {
      // Not written through to the disk: notes of the next letters would wait for that.
      const change = database.transaction(BOTH, "readwrite", RELAXED);
      await Promise.all([change.objectStore("edits").put(entry), change.objectStore("since").delete(entry.id), change.done]);
    });
  }

  /** Note what was changed since an entry was written, which may still be on its way: both come in turn. */
  async writeSince(since: Since): Promise<void> {
    await this.#try(null, async (database) => {
      const change = database.transaction(BOTH, "readwrite", RELAXED);
      const put = change.objectStore("since").put(since);
      change.commit();
      await Promise.all([put, change.done]);
    });
  }

  /** Edits of windows that are gone, which the server may not have. */
  async leftBehind(alive: ReadonlySet<string>): Promise<JournalEntry[]> {
    const all = await this.#try([], async (database) => {
      const since = new Map((await database.getAll("since")).map((item) => [item.id, item]));
      return (await database.getAll("edits")).map((entry) => withSince(entry, since.get(entry.id)));
    });
    return all.filter(({ edited, window }) => edited && !alive.has(window));
  }

  async rememberTabs(open: OpenTabs): Promise<void> {
    await this.#try(null, async (database) => {
      const change = database.transaction("tabs", "readwrite", STRICT);
      await Promise.all([change.store.put(open, OPEN), change.done]);
    });
  }

  async openTabs(): Promise<OpenTabs | null> {
    return this.#try(null, async (database) => (await database.get("tabs", OPEN)) ?? null);
  }

  /** What the server does not have yet of a document. */
  async read(id: string): Promise<JournalEntry | null> {
    return this.#try(null, async (database) => {
      const entry = await database.get("edits", id);
      return entry ? withSince(entry, await database.get("since", id)) : null;
    });
  }

  /** The server has these states of a document; what another window wrote, or this one later, stays. */
  async settle(id: string, states: readonly Turn[]): Promise<void> {
    this.#tail.settle(id, states);
    await this.#try(null, async (database) => {
      const change = database.transaction(BOTH, "readwrite");
      const [edits, notes] = [change.objectStore("edits"), change.objectStore("since")];
      const [entry, since] = [await edits.get(id), await notes.get(id)];
      if (entry && isIn(lastStateOf(entry, since), states)) await Promise.all([edits.delete(id), notes.delete(id)]);
      await change.done;
    });
  }

  /** What pages wrote down as they went, where it is later than what is here. */
  async #takeOver(database: IDBPDatabase<Schema>): Promise<IDBPDatabase<Schema>> {
    const tails = this.#tail.all();
    if (tails.length === 0) return database;
    const change = database.transaction(BOTH, "readwrite", STRICT);
    const [edits, notes] = [change.objectStore("edits"), change.objectStore("since")];
    for (const tail of tails) {
      // oxlint-disable-next-line no-await-in-loop -- all in one transaction
      const [known, since] = [await edits.get(tail.id), await notes.get(tail.id)];
      // oxlint-disable-next-line no-await-in-loop -- all in one transaction
      if (!known || lastWritten(known, since) < tail.at) await edits.put(tail);
    }
    await change.done;
    for (const tail of tails) this.#tail.settle(tail.id, [stateOf(tail)]);
    return database;
  }

  async #try<T>(otherwise: T, work: (database: IDBPDatabase<Schema>) => Promise<T>): Promise<T> {
    try {
      const database = await this.#database;
      return database ? await work(database) : otherwise;
    } catch {
      return otherwise;
    }
  }
}

async function opened(name: string): Promise<IDBPDatabase<Schema>> {
  return openDB<Schema>(name, 3, {
    upgrade(database, before) {
      if (before < 1) database.createObjectStore("edits", { keyPath: "id" });
      if (before < 2) database.createObjectStore("tabs");
      if (before < 3) database.createObjectStore("since", { keyPath: "id" });
    },
  });
}
