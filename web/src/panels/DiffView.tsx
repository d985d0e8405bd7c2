import type { Document } from "../model/document";

/** What differs between two states of a document. */
export function DiffView({ before, after }: { before: Document; after: Document }) {
  const added = Object.keys(after.nodes).filter((id) => !(id in before.nodes));
  const removed = Object.keys(before.nodes).filter((id) => !(id in after.nodes));
  return <p>{`+${added.length} −${removed.length}`}</p>;
}
