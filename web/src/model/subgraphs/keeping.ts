/** A subgraph as a workflow of its own: one instance and the definitions that it needs. */
import { instanceType, emptyDocument, type Document } from "../document/document";
import { usedBy } from "./uses";

/** `null` if the document has no such definition. */
export function standalone(document: Document, definition: string, id: string): Document | null {
  const name = document.subgraphs[definition]?.name;
  if (name === undefined) return null;
  const nodes = { "1": { type: instanceType(definition), at: [0, 0] as const, values: {} } };
  const used = usedBy({ nodes }, document.subgraphs);
  const subgraphs = Object.fromEntries(Object.entries(document.subgraphs).filter(([inner]) => used.has(inner)));
  return { ...emptyDocument(id, name), nodes, subgraphs };
}
