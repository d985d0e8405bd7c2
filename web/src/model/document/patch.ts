/** Patches: what a command changed, so that it can be undone exactly and merged with the next. */
import type { Document, Graph } from "./document";
import { isRecord } from "../format/format";

export type Path = readonly string[];

/** One place of the document before and after; `undefined` means that there was nothing. */
export interface Change {
  readonly path: Path;
  readonly before: unknown;
  readonly after: unknown;
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

  constructor(document: Document) {
    this.#document = document;
  }

  /** The document as it is now. Whoever has it keeps it: from now on everything is copied again. */
  get document(): Document {
    this.#own = new WeakSet();
    return this.#document;
  }

  read(path: Path): unknown {
    return read(this.#document, path);
  }

  /** Set a place, or empty it with `undefined`; everything beside the path is shared. */
  write(path: Path, value: unknown): void {
    const last = path.at(-1);
    if (last === undefined) return;
    let place = this.#owned(this.#document) as Record<string, unknown>;
    this.#document = place as unknown as Document;
    for (const key of path.slice(0, -1)) {
      const inner = this.#owned(place[key]) as Record<string, unknown>;
      place[key] = inner;
      place = inner;
    }
    if (value === undefined) delete place[last];
    // A plain assignment to "__proto__" would set no property.
    else Object.defineProperty(place, last, { value, writable: true, enumerable: true, configurable: true });
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
  for (const { path, after } of patch) copy.write(path, after);
  return copy.document;
}

export function invert(patch: Patch): Patch {
  return patch.toReversed().map(({ path, before, after }) => ({ path, before: after, after: before }));
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
    this.#copy.write(where, after);
    this.changes.push({ path: where, before, after });
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

/** Two patches as one: each place once where nothing else lies between. */
export function merge(first: Patch, second: Patch): Patch {
  const merged = [...first];
  for (const change of second) {
    const index = merged.findIndex((item) => samePath(item.path, change.path));
    const earlier = merged[index];
    const apart = merged.slice(index + 1).every((item) => !overlaps(item.path, change.path));
    if (earlier && apart) merged[index] = { ...earlier, after: change.after };
    else merged.push(change);
  }
  return merged.filter((change) => !Object.is(change.before, change.after));
}

function samePath(a: Path, b: Path): boolean {
  return a.length === b.length && overlaps(a, b);
}

function overlaps(a: Path, b: Path): boolean {
  return a.slice(0, b.length).every((key, index) => key === b[index]);
}
