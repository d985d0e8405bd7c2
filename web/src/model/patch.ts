/** Patches: what a command changed, so that it can be undone exactly and merged with the next. */
import type { Document, Graph } from "./document";
import { isRecord } from "./format";

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

/** The document with one place set; everything beside the path is shared, not copied. */
export function write<T>(data: T, path: Path, value: unknown): T {
  const [key, ...rest] = path;
  if (key === undefined) return value as T;
  const place = data as Record<string, unknown>;
  if (rest.length === 0 && value === undefined) {
    const { [key]: _, ...others } = place;
    return others as T;
  }
  return { ...place, [key]: rest.length ? write(place[key], rest, value) : value } as T;
}

export function apply(document: Document, patch: Patch): Document {
  return patch.reduce((made, change) => write(made, change.path, change.after), document);
}

export function invert(patch: Patch): Patch {
  return patch.toReversed().map(({ path, before, after }) => ({ path, before: after, after: before }));
}

/** A document being changed by a command, which keeps the book of what it did. */
export class Draft {
  readonly changes: Change[] = [];
  document: Document;
  /** Where the graph that is open lies in the document. */
  readonly #prefix: Path;

  constructor(document: Document, prefix: Path = []) {
    this.document = document;
    this.#prefix = prefix;
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
    const before = read(this.document, where);
    if (Object.is(before, after)) return;
    this.document = write(this.document, where, after);
    this.changes.push({ path: where, before, after });
  }

  /** Undo must also take away parents that did not exist, so the change is made at the first of them. */
  #fromMissingParent(path: Path, value: unknown): [Path, unknown] {
    for (let depth = 1; depth < path.length; depth++) {
      if (read(this.document, path.slice(0, depth)) !== undefined) continue;
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
