/**
 * Scripts that put no spaces between words: Chinese, Japanese, Thai and their kin.
 *
 * There a word that somebody looks for stands anywhere in a name, and two of them are typed as one.
 */
const LETTERS = "\\p{scx=Han}\\p{scx=Hiragana}\\p{scx=Katakana}\\p{scx=Thai}\\p{scx=Lao}\\p{scx=Khmer}\\p{scx=Myanmar}";
const UNSPACED = new RegExp(`[${LETTERS}]`, "u");
const PIECES = new RegExp(`[${LETTERS}]+|[^${LETTERS}]+`, "gu");

/** Whether some of it is written in such a script. */
export function isUnspaced(text: string): boolean {
  return UNSPACED.test(text);
}

/** Words that were typed as one: `画像拡大` is `画像` and `拡大`, `VAEデコード` is `VAE` and `デコード`. */
export function wordsWithin(typed: string): string[] {
  return (typed.match(PIECES) ?? []).flatMap((piece) => (isUnspaced(piece) ? segmentsOf(piece) : piece));
}

function segmentsOf(piece: string): string[] {
  const segments = new Intl.Segmenter(undefined, { granularity: "word" }).segment(piece);
  return Array.from(segments).flatMap(({ segment, isWordLike }) => (isWordLike ? segment : []));
}
