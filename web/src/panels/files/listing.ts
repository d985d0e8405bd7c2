/** How files are found and grouped. */
import type { FileInfo } from "../../runtime/files";

export interface Folder {
  /** With those around it; empty for files that are in none. */
  readonly folder: string;
  readonly members: readonly FileInfo[];
}

/** Files by folder, the latest first; files in no folder before the others. */
export function inFolders(files: readonly FileInfo[]): Folder[] {
  const groups = Map.groupBy(files, ({ name }) => name.split("/").slice(0, -1).join("/"));
  return [...groups]
    .map(([folder, members]) => ({ folder, members: members.toSorted((a, b) => b.modified - a.modified) }))
    .toSorted((a, b) => a.folder.localeCompare(b.folder));
}

/** Those whose text has every word of a query. */
export function matching<T>(items: readonly T[], query: string, text: (item: T) => string): readonly T[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return items;
  return items.filter((item) => words.every((word) => text(item).toLowerCase().includes(word)));
}
