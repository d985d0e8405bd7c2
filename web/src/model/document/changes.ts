/** What differs between two states of a document, small enough to be written down with every letter. */
import { isRecord } from "../format/guards";
import type { Document } from "./document";
import { apply, type Path } from "./patch";

/** One place as it is now; without `after`, there is nothing any more. */
export interface Placed {
  readonly path: Path;
  readonly after?: unknown;
}

/** The places that are not the same object or value; what both states share is passed over. */
export function changesBetween(before: Document, after: Document): Placed[] {
  const found: Placed[] = [];
  collect(before as unknown as Record<string, unknown>, after as unknown as Record<string, unknown>, [], found);
  return found;
}

/** A document with the changes that were found between it and a later state; what is new comes last. */
export function withChanges(document: Document, changes: readonly Placed[]): Document {
  return apply(document, changes.map(({ path, after }) => ({ path, before: null, after })));
}

function collect(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>, path: Path, found: Placed[]): void {
  for (const [key, now] of Object.entries(after)) {
    const was = Object.hasOwn(before, key) ? before[key] : undefined;
    if (Object.is(was, now)) continue;
    if (isRecord(was) && isRecord(now)) collect(was, now, [...path, key], found);
    else found.push({ path: [...path, key], after: now });
  }
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) found.push({ path: [...path, key] });
}
