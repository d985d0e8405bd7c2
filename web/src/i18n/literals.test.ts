/** Components say nothing by themselves: every word is looked up by its key. */
import { expect, test } from "vitest";
import { hasText } from "./text";

const components = import.meta.glob<string>("../**/*.tsx", { query: "?raw", eager: true, import: "default" });

/** Words between tags, and words in attributes that people read or hear. */
const TEXT = />\s*([^<>{}=;()&]*[A-Za-z]{2}[^<>{}=;()&]*)(?:<\/|\s<[a-z])/g;
const ATTRIBUTE = /\s(?:title|placeholder|alt|label|aria-label|aria-description|aria-roledescription)="([^"]*[A-Za-z]{2}[^"]*)"/g;

/** The name of the program is the same in every language. */
const NAMES = new Set(["wire", "brush"]);

test("no component has words of its own", () => {
  const found = Object.entries(components).flatMap(([file, source]) => {
    // What stands in brackets is program, and so is what stands in comments.
    const text = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    const words = [...text.matchAll(TEXT), ...text.matchAll(ATTRIBUTE)].map(([, word = ""]) => word.trim());
    return words.filter((word) => !NAMES.has(word) && !hasText(word)).map((word) => `${file}: ${word}`);
  });
  expect(found).toEqual([]);
});
