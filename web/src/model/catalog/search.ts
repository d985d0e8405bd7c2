/**
 * Finding node types by what a person types.
 *
 * Names, categories and helps are taken apart once. A query then looks through all of them, best
 * first: the name itself, starts of its words, somewhere inside it or its initials, its category,
 * its help; among those that fit alike, what workflows use most. Where that finds little, a
 * MiniSearch index answers for slips of the fingers.
 */
import MiniSearch from "minisearch";
import type { NodeSpec } from "./catalog";
import { commonness } from "./common";
import { isUnspaced, wordsWithin } from "./unspaced";

interface Prepared {
  readonly spec: NodeSpec;
  readonly names: readonly Name[];
  readonly category: string;
  readonly help: string;
}

/** A title or an id, in small letters. */
interface Name {
  readonly text: string;
  readonly words: readonly string[];
  readonly initials: string;
}

/** A word that is looked for; `parts` are words that were typed as one, in scripts without spaces. */
interface Asked {
  readonly text: string;
  readonly parts: readonly string[];
}

/** Fewer than this, and misspelt words are looked for as well. */
const FEW = 5;
/** So many types are taken into the index for slips before others have their turn. */
const AT_ONCE = 100;

export class TypeIndex {
  readonly #prepared: readonly Prepared[];
  /** Made when it is first needed, unless `prepare` is at it: most queries are spelt right. */
  #spelling: MiniSearch<NodeSpec> | null = null;
  #preparing = false;

  /** Deprecated types are found last. */
  constructor(types: readonly NodeSpec[]) {
    this.#prepared = types.map((spec) => ({
      spec,
      names: [spec.title, spec.id, spec.english ?? []].flat().map(nameOf),
      category: spec.category.toLowerCase(),
      help: spec.help.toLowerCase(),
    }));
  }

  /** Get ready for slips of the fingers, a little at a time, so that whoever types does not wait for it. */
  async prepare(): Promise<void> {
    if (this.#spelling || this.#preparing) return;
    this.#preparing = true;
    const index = emptySpelling();
    await index.addAllAsync(this.#prepared.map(({ spec }) => spec), { chunkSize: AT_ONCE });
    this.#spelling = index;
    this.#preparing = false;
  }

  /** The types that match, best first; all, as they came, if nothing is asked. */
  search(query: string): NodeSpec[] {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean).map(wordOf);
    if (words.length === 0) return this.#prepared.map(({ spec }) => spec);
    const scored: { readonly spec: NodeSpec; readonly score: number }[] = [];
    for (const item of this.#prepared) {
      const score = scoreOf(item, words);
      if (score > 0) scored.push({ spec: item.spec, score });
    }
    scored.sort((a, b) => b.score - a.score || a.spec.title.length - b.spec.title.length || (a.spec.title < b.spec.title ? -1 : 1));
    const found = scored.map(({ spec }) => spec);
    return found.length < FEW ? [...found, ...this.#misspelt(query, new Set(found))] : found;
  }

  #misspelt(query: string, known: ReadonlySet<NodeSpec>): NodeSpec[] {
    if (query.trim().length < 4 || this.#preparing) return [];
    this.#spelling ??= spellingOf(this.#prepared.map(({ spec }) => spec));
    const byId = new Map(this.#prepared.map(({ spec }) => [spec.id, spec]));
    return this.#spelling
      .search(query, { fuzzy: 0.4, maxFuzzy: 2, prefix: true, combineWith: "AND" })
      .flatMap(({ id }) => byId.get(String(id)) ?? [])
      .filter((spec) => !known.has(spec));
  }
}

function spellingOf(types: readonly NodeSpec[]): MiniSearch<NodeSpec> {
  const index = emptySpelling();
  index.addAll(types);
  return index;
}

/** The words of titles and ids: helps and categories have too many that look alike. */
function emptySpelling(): MiniSearch<NodeSpec> {
  return new MiniSearch<NodeSpec>({
    fields: ["title", "id"],
    extractField: (spec, field) => (field === "title" ? [spec.title, ...wordsOf(spec.title), spec.english ?? ""].join(" ") : spec.id),
  });
}

function nameOf(name: string): Name {
  const words = wordsOf(name);
  return { text: name.toLowerCase(), words, initials: words.map((word) => word[0]).join("") };
}

/** `CLIPTextEncode` is "clip text encode", `KSampler` "k sampler", `load_image` "load image". */
function wordsOf(name: string): string[] {
  return name.split(/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\s_-]+/).filter(Boolean).map((word) => word.toLowerCase());
}

function wordOf(text: string): Asked {
  return { text, parts: isUnspaced(text) ? wordsWithin(text) : [] };
}

function scoreOf(item: Prepared, words: readonly Asked[]): number {
  let total = commonness(item.spec.id);
  for (const { text, parts } of words) {
    const score = scoreOfWord(item, text) || (parts.length > 1 ? Math.min(...parts.map((part) => scoreOfWord(item, part))) / 2 : 0);
    if (score === 0) return 0;
    total += score;
  }
  return item.spec.deprecated ? total / 4 : total;
}

function scoreOfWord({ names, category, help }: Prepared, word: string): number {
  const inNames = names.reduce((best, name) => Math.max(best, inName(name, word)), 0);
  return 4 * inNames || (category.includes(word) ? 2 : help.includes(word) ? 1 : 0);
}

/** 3: is it, 2: a word starts with it, 1: it is somewhere inside, or its initials. */
function inName({ text, words, initials }: Name, word: string): number {
  if (text === word) return 3;
  if (text.startsWith(word) || words.some((part) => part.startsWith(word))) return 2;
  if (text.includes(word)) return 1;
  return word.length > 1 && initials.startsWith(word) ? 1 : 0;
}
