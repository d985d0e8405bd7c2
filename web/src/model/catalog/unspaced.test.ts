import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isUnspaced, wordsWithin } from "./unspaced";

test("words that are typed as one are told apart", () => {
  expect(wordsWithin("画像拡大")).toEqual(["画像", "拡大"]);
  expect(wordsWithin("VAEデコード")).toEqual(["VAE", "デコード"]);
  expect(wordsWithin("画像、マスク")).toEqual(["画像", "マスク"]);
  expect(wordsWithin("ksampler")).toEqual(["ksampler"]);
});

test("scripts with spaces are left alone", () => {
  for (const word of ["sampler", "Größe", "образец", "샘플러", "12"]) {
    expect(isUnspaced(word)).toBe(false);
    expect(wordsWithin(word)).toEqual([word]);
  }
  for (const word of ["采样器", "サンプラー", "のK", "ตัวอย่าง"]) expect(isUnspaced(word)).toBe(true);
});

test("each word is in what was typed", () =>
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."画像を拡大するサンプラー采样器aK 、（") }), (typed) => {
      for (const word of wordsWithin(typed)) expect(typed).toContain(word);
    }),
  ));
