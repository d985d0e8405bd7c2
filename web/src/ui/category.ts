/** Categories of node types in the language that is spoken. */
import { hasText, t } from "../i18n/text";
import { categoryWords } from "../model/catalog/shelves";

/** `image/_for_testing` as "Image · For testing"; what only a pack knows is shown as the pack writes it. */
export function categoryText(category: string): string {
  return category.split("/").map(partText).join(" · ");
}

function partText(part: string): string {
  const key = `category.${part.replace(/^_/, "").replaceAll(" ", "_").toLowerCase()}`;
  return hasText(key) ? t(key) : categoryWords(part);
}
