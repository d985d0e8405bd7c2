import { useEffect, useState } from "react";
import type { Document } from "../../model/document/document";
import { diffDocuments } from "../../model/document/diff";
import { withSubgraphs } from "../../model/subgraphs/subgraph";
import { ApiError } from "../../runtime/http";
import type { VersionInfo } from "../../runtime/files";
import { useCatalog } from "../../state/context";
import { gistOf } from "../diff/gist";
import type { Side } from "../diff/words";

/** What each version changed in the one before it, by version: found out one after the other, the newest first. */
export function useChanges(versions: readonly VersionInfo[] | null, read: (version: VersionInfo) => Promise<Document>): Readonly<Record<string, string>> {
  const catalog = useCatalog((state) => state.catalog);
  const [changes, setChanges] = useState<Readonly<Record<string, string>>>({});
  useEffect(() => {
    if (!catalog || !versions) return undefined;
    let current = true;
    const side = (document: Document): Side => ({ document, types: withSubgraphs(catalog, document.subgraphs) });
    async function tellFrom(index: number): Promise<void> {
      const [version, earlier] = [versions?.[index], versions?.[index + 1]];
      if (!version || !earlier) return;
      const [after, before] = await Promise.all([read(version), read(earlier)]);
      if (!current) return;
      const words = gistOf(diffDocuments(before, after), { before: side(before), after: side(after) });
      setChanges((known) => ({ ...known, [version.id]: words }));
      await tellFrom(index + 1);
    }
    tellFrom(0).catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error; // a version went away: the rest says how large it is
    });
    return () => {
      current = false;
    };
  }, [catalog, versions, read]);
  return changes;
}
