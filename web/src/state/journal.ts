/**
 * Edits as this browser keeps them, until the server has them too: a page that is closed, or a
 * server that is gone, costs nothing.
 */
import { openDB, type DBSchema, type IDBPDatabase } from "idb";

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
}

interface Schema extends DBSchema {
  edits: { key: string; value: JournalEntry };
}

export class Journal {
  readonly #database: Promise<IDBPDatabase<Schema> | null>;

  constructor(name = "wirebrush") {
    this.#database = openDB<Schema>(name, 1, {
      upgrade: (database) => void database.createObjectStore("edits", { keyPath: "id" }),
    }).catch(() => null); // forbidden or broken: the server's drafts are still there
  }

  async write(entry: JournalEntry): Promise<void> {
    await this.#try(null, async (database) => void (await database.put("edits", entry)));
  }

  /** What the server does not have yet of a document. */
  async read(id: string): Promise<JournalEntry | null> {
    return this.#try(null, async (database) => (await database.get("edits", id)) ?? null);
  }

  /** The server has everything up to `at`; a later entry stays. */
  async settle(id: string, at: number): Promise<void> {
    await this.#try(null, async (database) => {
      const change = database.transaction("edits", "readwrite");
      const entry = await change.store.get(id);
      if (entry && entry.at <= at) await change.store.delete(id);
      await change.done;
    });
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
