/** Finding node types by what a person types. */
import type { NodeSpec } from "./catalog";

/** The types that match, best first. Every word must occur; starts of names count most. */
export function search(types: readonly NodeSpec[], query: string): NodeSpec[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...types];
  return types
    .map((spec) => ({ spec, score: scoreOf(spec, words) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score || (a.spec.title < b.spec.title ? -1 : 1))
    .map(({ spec }) => spec);
}

function scoreOf(spec: NodeSpec, words: readonly string[]): number {
  let total = 0;
  for (const word of words) {
    const score = Math.max(
      4 * inName(spec.title, word),
      4 * inName(spec.id, word),
      spec.category.toLowerCase().includes(word) ? 2 : 0,
      spec.help.toLowerCase().includes(word) ? 1 : 0,
    );
    if (score === 0) return 0;
    total += score;
  }
  return spec.deprecated ? total / 4 : total;
}

/** 3: is it, 2: a word starts with it, 1: it is somewhere inside, or its initials. */
function inName(name: string, word: string): number {
  const low = name.toLowerCase();
  if (low === word) return 3;
  const parts = name.split(/(?<=[a-z])(?=[A-Z])|[\s_-]+/).map((part) => part.toLowerCase());
  if (low.startsWith(word) || parts.some((part) => part.startsWith(word))) return 2;
  if (low.includes(word)) return 1;
  return word.length > 1 && parts.map((part) => part[0]).join("").startsWith(word) ? 1 : 0;
}

/** The types by the first part of their category, as the library shows them. */
export interface Shelf {
  readonly name: string;
  readonly types: readonly NodeSpec[];
}

export function shelves(types: readonly NodeSpec[]): Shelf[] {
  const usable = types.filter((spec) => !spec.deprecated);
  const groups = Map.groupBy(usable, (spec) => spec.category.split("/")[0] || "other");
  return [...groups]
    .map(([name, members]) => ({
      name,
      types: members.toSorted((a, b) => (a.title < b.title ? -1 : 1)),
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
