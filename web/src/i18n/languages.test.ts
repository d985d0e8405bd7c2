/** Every language says everything, with the same places and its own plural forms. */
import { describe, expect, test } from "vitest";
import { de } from "./de";
import { en } from "./en";
import { ja } from "./ja";
import type { Texts } from "./texts";
import { zh } from "./zh";

const PLURAL = /_(zero|one|two|few|many|other)$/;

/** The keys of English with the plural forms of another language. */
function wantedKeys(language: string): string[] {
  const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
  const several = new Set(Object.keys(en).flatMap((key) => (`${base(key)}_one` in en ? base(key) : [])));
  const keys = Object.keys(en).map(base);
  return [...new Set(keys)].flatMap((key) => (several.has(key) ? forms.map((form) => `${key}_${form}`) : key)).toSorted();
}

function base(key: string): string {
  return key.replace(PLURAL, "");
}

function places(text: string): string[] {
  return [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, place]) => place ?? ""))].toSorted();
}

/** What English has in the places of a key; of two forms, the one that says more. */
function englishPlaces(key: string): string[] {
  const texts: Texts = en;
  return places(texts[key] ?? texts[`${base(key)}_other`] ?? "");
}

describe.each<[string, Texts]>([
  ["de", de],
  ["zh", zh],
  ["ja", ja],
])("%s", (language, texts) => {
  test("has every key of English and no other", () => {
    expect(Object.keys(texts).toSorted()).toEqual(wantedKeys(language));
  });

  test("has the same places, and words everywhere", () => {
    const wrong = Object.entries(texts).filter(([key, text]) => {
      const there = places(text);
      const wanted = englishPlaces(key);
      // "The picture" may stand for "1 picture".
      const same = there.join() === wanted.join() || (key.endsWith("_one") && there.join() === wanted.filter((place) => place !== "count").join());
      return !same || text.trim() === "";
    });
    expect(wrong).toEqual([]);
  });

  test("is not English left as it was", () => {
    const english: Texts = en;
    const same = Object.entries(texts).filter(([key, text]) => text === english[key] && text.split(" ").length > 3);
    expect(same.map(([key]) => key).filter((key) => key !== "inspector.examplePrompt")).toEqual([]);
  });
});
