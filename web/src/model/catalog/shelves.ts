/** The library as a tree of categories, and as the rows of a list that shows it. */
import type { NodeSpec } from "./catalog";

export interface Shelf {
  /** The last part of its category, as the pack writes it. */
  readonly name: string;
  /** Its category: `image/filter`. */
  readonly path: string;
  readonly shelves: readonly Shelf[];
  readonly types: readonly NodeSpec[];
  /** How many types there are on it and on those below. */
  readonly count: number;
}

/** What few people need stands below all else. */
const LAST: readonly string[] = ["advanced", "for testing"];

/** Categories in the order of the alphabet, and the types on them. Deprecated types are on none. */
export function shelvesOf(types: readonly NodeSpec[]): Shelf[] {
  return shelvesAt(types.filter((spec) => !spec.deprecated), 0);
}

/** Packs write one category in several ways, `_for_testing` and `For testing`: it is one shelf. */
function shelvesAt(types: readonly NodeSpec[], depth: number): Shelf[] {
  const deep = types.filter((spec) => partsOf(spec).length > depth);
  const groups = Map.groupBy(deep, (spec) => sameName(partsOf(spec)[depth] ?? ""));
  return [...groups]
    .map(([same, members]) => ({ same, shelf: shelfOf(members, depth) }))
    .toSorted((a, b) => (depth ? 0 : LAST.indexOf(a.same) - LAST.indexOf(b.same)) || (a.same < b.same ? -1 : 1))
    .map(({ shelf }) => shelf);
}

function shelfOf(members: readonly NodeSpec[], depth: number): Shelf {
  const written = members[0] ? partsOf(members[0]).slice(0, depth + 1) : [];
  const own = members.filter((spec) => partsOf(spec).length === depth + 1);
  return {
    name: written.at(-1) ?? "",
    path: written.join("/"),
    shelves: shelvesAt(members, depth + 1),
    types: own.toSorted(byTitle),
    count: members.length,
  };
}

function partsOf({ category }: NodeSpec): readonly string[] {
  const parts = category.split("/").filter((part) => part !== "");
  return parts.length ? parts : ["other"];
}

function sameName(part: string): string {
  return categoryWords(part).toLowerCase();
}

/** Categories are written for programs: `_for_testing` is "for testing". */
export function categoryWords(category: string): string {
  return category.replaceAll("_", " ").replaceAll("/", " · ").trim();
}

function byTitle(a: NodeSpec, b: NodeSpec): number {
  return a.title < b.title ? -1 : 1;
}

/** One line of the library. Rows of a type may occur several times, so each has a key of its own. */
export type Row =
  | { readonly kind: "shelf"; readonly key: string; readonly depth: number; readonly name: string; readonly count: number; readonly open: boolean }
  | { readonly kind: "type"; readonly key: string; readonly depth: number; readonly spec: NodeSpec };

/** The rows of a tree whose open shelves are named by their paths. */
export function rowsOf(shelves: readonly Shelf[], open: ReadonlySet<string>, depth = 0): Row[] {
  return shelves.flatMap((shelf) => [
    { kind: "shelf" as const, key: shelf.path, depth, name: shelf.name, count: shelf.count, open: open.has(shelf.path) },
    ...(open.has(shelf.path) ? [...rowsOf(shelf.shelves, open, depth + 1), ...typeRows(shelf.types, shelf.path, depth + 1)] : []),
  ]);
}

/** A shelf of chosen types, such as the favourites; no row if there are none. */
export function chosenRows(key: string, name: string, types: readonly NodeSpec[], open: ReadonlySet<string>): Row[] {
  if (types.length === 0) return [];
  const shelf = { kind: "shelf" as const, key, depth: 0, name, count: types.length, open: open.has(key) };
  return [shelf, ...(shelf.open ? typeRows(types, key, 1) : [])];
}

export function typeRows(types: readonly NodeSpec[], path: string, depth: number): Row[] {
  return types.map((spec) => ({ kind: "type" as const, key: `${path}\n${spec.id}`, depth, spec }));
}
