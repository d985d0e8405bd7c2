/** The order of records' keys while they change: what is put back comes to the place that it had. */

type Items = Record<string, unknown>;

/** Keys of this kind come first and sorted in every record, whenever they are set. */
const INDEX = /^(?:0|[1-9]\d*)$/;
const INDEX_END = 2 ** 32 - 1;

export class KeyOrder {
  /** The keys of records, without those that have an order of their own. */
  readonly #keys = new WeakMap<Items, string[]>();
  /** Records whose own order is not yet that of `#keys`. */
  readonly #unsettled = new Set<Items>();

  /** Take a key out of a record. Returns the key that followed it, if its place matters. */
  remove(record: Items, key: string): string | undefined {
    const at = isIndex(key) ? -1 : this.#keysOf(record).indexOf(key);
    delete record[key];
    if (at < 0) return undefined;
    const keys = this.#keysOf(record);
    keys.splice(at, 1);
    return keys[at];
  }

  /** Set a key of a record. A new one comes before `next` once it is settled; without it, to the end. */
  put(record: Items, key: string, value: unknown, next?: string): void {
    if (!isIndex(key) && !Object.hasOwn(record, key)) this.#insert(record, key, next);
    define(record, key, value);
  }

  /** Put the keys of all records into their order. */
  settle(): void {
    for (const record of this.#unsettled)
      for (const key of this.#keysOf(record)) {
        const value = record[key];
        delete record[key];
        define(record, key, value);
      }
    this.#unsettled.clear();
  }

  #insert(record: Items, key: string, next: string | undefined): void {
    const keys = next === undefined ? this.#keys.get(record) : this.#keysOf(record);
    const at = next === undefined ? -1 : (keys?.indexOf(next) ?? -1);
    if (at < 0) keys?.push(key);
    else {
      keys?.splice(at, 0, key);
      this.#unsettled.add(record);
    }
  }

  #keysOf(record: Items): string[] {
    const known = this.#keys.get(record);
    if (known) return known;
    const keys = Object.keys(record).filter((key) => !isIndex(key));
    this.#keys.set(record, keys);
    return keys;
  }
}

function isIndex(key: string): boolean {
  return INDEX.test(key) && Number(key) < INDEX_END;
}

/** A plain assignment to "__proto__" would set no property. */
function define(record: Items, key: string, value: unknown): void {
  Object.defineProperty(record, key, { value, writable: true, enumerable: true, configurable: true });
}
