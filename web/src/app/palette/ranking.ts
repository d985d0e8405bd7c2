/** Which entries fit what a person types, the best first. */
import MiniSearch from "minisearch";
import type { Entry } from "./entries";

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
    const byId = new Map(this.#entries.map((entry) => [entry.id, entry]));
    return this.#index
      .search(query)
      .flatMap(({ id, score }) => {
        const entry = byId.get(String(id));
        if (!entry) return [];
        const label = entry.label.toLowerCase();
        const lead = label === low ? 4 : label.startsWith(low) ? 2 : 1;
        return [{ entry, score: (score * lead) / (entry.idle ? 4 : 1) }];
      })
      .toSorted((a, b) => b.score - a.score)
      .slice(0, most)
      .map(({ entry }) => entry);
  }
}
