/** Prompt weights: `(red house:1.2)` counts for more, `(red house:0.8)` for less; `(red)` is short for 1.1. */

export interface Weighted {
  /** What is replaced, and by what. */
  readonly from: number;
  readonly to: number;
  readonly text: string;
  /** What is selected afterwards. */
  readonly start: number;
  readonly end: number;
}

const MOST = 10;
const WORD = /[^\s,.;:()[\]{}|\\]/u;
/** What ends a bracket: its weight, or nothing. */
const AFTER = /^(?::(-?\d*\.?\d+))?\)/;
const PLAIN_WEIGHT = 1.1;

/**
 * The words between two places, or the word around one, with their weight moved by `by`.
 * At weight 1 the brackets go. `null` if there is no word.
 */
export function weighted(text: string, start: number, end: number, by: number): Weighted | null {
  const [from, to] = trimmed(text, ...(start === end ? wordAt(text, start) : ([start, end] as const)));
  if (from >= to) return null;
  const bracket = bracketAround(text, from, to);
  const inner = bracket ? text.slice(bracket.from + 1, bracket.colon) : text.slice(from, to);
  const weight = rounded((bracket?.weight ?? 1) + by);
  const made = weight === 1 ? inner : `(${inner}:${weight})`;
  const place = bracket ?? { from, to };
  const offset = place.from + (weight === 1 ? 0 : 1);
  return { from: place.from, to: place.to, text: made, start: offset, end: offset + inner.length };
}

function wordAt(text: string, place: number): readonly [number, number] {
  let from = place;
  let to = place;
  while (from > 0 && WORD.test(text[from - 1] ?? "")) from--;
  while (to < text.length && WORD.test(text[to] ?? "")) to++;
  return [from, to];
}

/** Spaces at the ends are not weighted; nor is a comma. */
function trimmed(text: string, start: number, end: number): readonly [number, number] {
  let [from, to] = [start, end];
  while (from < to && /[\s,]/.test(text[from] ?? "")) from++;
  while (to > from && /[\s,]/.test(text[to - 1] ?? "")) to--;
  return [from, to];
}

interface Bracket {
  readonly from: number;
  readonly to: number;
  readonly colon: number;
  readonly weight: number;
}

/** The bracket that these words fill, or that they are with all of it. */
function bracketAround(text: string, from: number, to: number): Bracket | null {
  const selected = /^\(([^()]*):(-?\d*\.?\d+)\)$/.exec(text.slice(from, to));
  if (selected) return { from, to, colon: from + 1 + (selected[1]?.length ?? 0), weight: Number(selected[2]) };
  // A word of several in a bracket stands for all of them.
  const open = text.lastIndexOf("(", from);
  if (open === -1 || text.slice(open + 1, from).includes(")")) return null;
  // `\(` is a plain bracket.
  if (text[open - 1] === "\\") return null;
  const colon = to + text.slice(to).search(/[:()]/);
  const after = colon < to ? null : AFTER.exec(text.slice(colon));
  return after && { from: open, to: colon + after[0].length, colon, weight: Number(after[1] ?? PLAIN_WEIGHT) };
}

function rounded(weight: number): number {
  return Math.min(MOST, Math.max(0, Number(weight.toFixed(2))));
}
