/** Which entries fit what a person types, the best first. */
import MiniSearch from "minisearch";
import { isUnspaced, wordsWithin } from "../../model/catalog/unspaced";
import type { Entry } from "./entries";

interface Scored {
  readonly entry: Entry;
  readonly score: number;
}

export class Ranking {
  readonly #entries: readonly Entry[];
  readonly #index: MiniSearch<Entry>;

  constructor(entries: readonly Entry[]) {
    this.#entries = entries;
    this.#index = new MiniSearch<Entry>({
      fields: ["label", "kind", "also"],
      searchOptions: { boost: { label: 4 }, prefix: true, fuzzy: (term) => (term.length > 4 ? 0.2 : false), combineWith: "AND" },
    });
    this.#index.addAll(entries);
  }

  /** Without words: what there is, in its own order. */
  best(query: string, most: number): Entry[] {
    if (!query.trim()) return this.#entries.slice(0, most);
    const low = query.trim().toLowerCase();
    return (isUnspaced(low) ? this.#containing(low) : this.#indexed(low))
      .toSorted((a, b) => b.score - a.score)
      .slice(0, most)
      .map(({ entry }) => entry);
  }

  #indexed(low: string): Scored[] {
    const byId = new Map(this.#entries.map((entry) => [entry.id, entry]));
    return this.#index
      .search(low)
      .flatMap(({ id, score }) => {
        const entry = byId.get(String(id));
        if (!entry) return [];
        const label = entry.label.toLowerCase();
        const lead = label === low ? 4 : label.startsWith(low) ? 2 : 1;
        return [{ entry, score: (score * lead) / (entry.idle ? 4 : 1) }];
      });
  }

  /** Where no spaces tell where words begin, what is typed may be anywhere. */
  #containing(low: string): Scored[] {
    const words = low.split(/\s+/);
    const parts = words.map(wordsWithin);
    return this.#entries.flatMap((entry) => {
      const label = entry.label.toLowerCase();
      const all = `${label} ${entry.kind} ${entry.also ?? ""}`.toLowerCase();
      if (!words.every((word, place) => all.includes(word) || parts[place]?.every((part) => all.includes(part)))) return [];
      const lead = label === low ? 8 : label.startsWith(low) ? 4 : words.every((word) => label.includes(word)) ? 2 : 1;
      return [{ entry, score: lead / (entry.idle ? 4 : 1) }];
    });
  }
}
