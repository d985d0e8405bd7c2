/** Node types as the language that is spoken calls them. */
import { typeName } from "../i18n/text";
import type { NodeSpec } from "../model/catalog/catalog";
import type { Catalog as CatalogData } from "../runtime/wire.gen";

/** The pack whose types the page has names for. */
const OURS = "builtin";

/** The declared types with the names of this language; the declared name is kept, for people search by either. */
export function inLanguage(declared: CatalogData): CatalogData {
  return { ...declared, nodes: declared.nodes.map(named) };
}

function named(spec: NodeSpec): NodeSpec {
  if (spec.pack !== OURS) return spec;
  const title = typeName(spec.id, spec.title);
  return title === spec.title ? spec : { ...spec, title, english: spec.title };
}
