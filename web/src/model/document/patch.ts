/** Patches: what a command changed, so that it can be undone exactly and merged with the next. */
import type { Document, Graph } from "./document";
import { isRecord } from "../format/format";
import { KeyOrder } from "./order";

export type Path = readonly string[];

/** One place of the document before and after; `undefined` means that there was nothing. */
export interface Change {
  readonly path: Path;
  readonly before: unknown;
  readonly after: unknown;
  /** Of what was taken away: the key that followed it, before which it is put back. Missing: it was the last. */
  readonly next?: string | undefined;
}

export type Patch = readonly Change[];

export function read(data: unknown, path: Path): unknown {
  let place = data;
  for (const key of path) place = isRecord(place) && Object.hasOwn(place, key) ? place[key] : undefined;
  return place;
}

/**
 * A document that many places of are set: what it was made from stays as it is, and what was copied
 * once is not copied again. Deleting thousands of nodes copies the record of nodes once.
 */
class Copy {
  #document: Document;
  /** Records that only this copy has, so that they may change. */
  #own = new WeakSet<object>();
  readonly #order = new KeyOrder();

  constructor(document: Document) {
    this.#document = document;
  }

  /** The document as it is now. Whoever has it keeps it: from now on everything is copied again. */
  get document(): Document {
    this.#order.settle();
    this.#own = new WeakSet();
    return this.#document;
  }

  read(path: Path): unknown {
    return read(this.#document, path);
  }

  /**
   * Set a place, or empty it with `undefined`; everything beside the path is shared. What is new comes
   * before the key `next`; returns the key that followed what was emptied.
   */
  write(path: Path, value: unknown, next?: string): string | undefined {
    const last = path.at(-1);
    if (last === undefined) return undefined;
    let place = this.#owned(this.#document) as Record<string, unknown>;
    this.#document = place as unknown as Document;
    for (const key of path.slice(0, -1)) {
      const inner = this.#owned(place[key]) as Record<string, unknown>;
      place[key] = inner;
      place = inner;
    }
    if (value === undefined) return this.#order.remove(place, last);
    this.#order.put(place, last, value, next);
    return undefined;
  }

  #owned(record: unknown): object {
    if (typeof record === "object" && record !== null && this.#own.has(record)) return record;
    const copy = { ...(record as object) };
    this.#own.add(copy);
    return copy;
  }
}

export function apply(document: Document, patch: Patch): Document {
  const copy = new Copy(document);
  for (const { path, before, after, next } of patch) copy.write(path, after, before === undefined ? next : undefined);
  return copy.document;
}

export function invert(patch: Patch): Patch {
  return patch.toReversed().map(({ before, after, ...where }) => ({ ...where, before: after, after: before }));
}

/** A document being changed by a command, which keeps the book of what it did. */
export class Draft {
  readonly changes: Change[] = [];
  readonly #copy: Copy;
  /** Where the graph that is open lies in the document. */
  readonly #prefix: Path;

  constructor(document: Document, prefix: Path = []) {
    this.#copy = new Copy(document);
    this.#prefix = prefix;
  }

  /** The document as it is now; later changes are not seen in it. */
  get document(): Document {
    return this.#copy.document;
  }

  /** The graph that is open: the document's own or the inside of a subgraph. */
  get graph(): Graph {
    return read(this.document, this.#prefix) as Graph;
  }

  /** Set a place of the open graph, or empty it with `undefined`. */
  set(path: Path, value: unknown): void {
    this.setInDocument([...this.#prefix, ...path], value);
  }

  /** Set a place of the document. Setting what is there already is no change. */
  setInDocument(path: Path, value: unknown): void {
    const [where, after] = this.#fromMissingParent(path, value);
    const before = this.#copy.read(where);
    if (Object.is(before, after)) return;
    const next = this.#copy.write(where, after);
    this.changes.push({ path: where, before, after, ...(next !== undefined && { next }) });
  }

  /** Undo must also take away parents that did not exist, so the change is made at the first of them. */
  #fromMissingParent(path: Path, value: unknown): [Path, unknown] {
    for (let depth = 1; depth < path.length; depth++) {
      if (this.#copy.read(path.slice(0, depth)) !== undefined) continue;
      if (value === undefined) return [path.slice(0, depth), undefined];
      const nested = path.slice(depth).reduceRight((made, key) => ({ [key]: made }), value);
      return [path.slice(0, depth), nested];
    }
    return [path, value];
  }
}

/** Two patches as one: each place once where nothing else lies between, and no key changes its place. */
export function merge(first: Patch, second: Patch): Patch {
  const merged = [...first];
  for (const change of second) {
    const index = merged.findLastIndex((item) => samePath(item.path, change.path));
    const earlier = merged[index];
    const both = earlier && { ...earlier, after: change.after };
    const later = merged.slice(index + 1);
    if (!both || later.some((item) => overlaps(item.path, change.path))) merged.push(change);
    else if (!isKeyed(change)) merged[index] = both;
    // Made and taken away again, with nothing beside it that may have been put back relative to it.
    else if (both.before === undefined && later.every((item) => !isKeyed(item) || !areBeside(item.path, change.path))) merged.splice(index, 1);
    else merged.push(change);
  }
  return merged.filter((change) => !isNothing(change));
}

/** Whether it makes or takes away a key, not only sets another value. */
function isKeyed({ before, after }: Change): boolean {
  return before === undefined || after === undefined;
}

function isNothing({ before, after }: Change): boolean {
  return Object.is(before, after);
}

function areBeside(a: Path, b: Path): boolean {
  return samePath(a.slice(0, -1), b.slice(0, -1));
}

function samePath(a: Path, b: Path): boolean {
  return a.length === b.length && overlaps(a, b);
}

function overlaps(a: Path, b: Path): boolean {
  return a.slice(0, b.length).every((key, index) => key === b[index]);
}
