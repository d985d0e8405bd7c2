import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import ja from "../../i18n/types/ja.json";
import zh from "../../i18n/types/zh.json";
import { isUnspaced } from "../../model/catalog/unspaced";
import { Ranking } from "./ranking";

const ranking = new Ranking(
  ["Save", "Save as…", "Save image", "Undo", "KSampler", "Select all"].map((label, place) => ({
    id: String(place),
    label,
    kind: "Edit",
    keys: "",
    run: () => {},
  })),
);

function found(query: string): string[] {
  return ranking.best(query, 3).map(({ label }) => label);
}

test("the exact name comes first, then what starts with it", () => {
  expect(found("save")[0]).toBe("Save");
  expect(found("save as")[0]).toBe("Save as…");
  expect(found("sampler")).toEqual(["KSampler"]);
  expect(found("ksam")).toEqual(["KSampler"]);
});

test("a slip of the finger does not matter, every word does", () => {
  expect(found("ksampelr")).toEqual(["KSampler"]);
  expect(found("save undo")).toEqual([]);
});

test("nothing typed shows what there is", () => expect(found("")).toEqual(["Save", "Save as…", "Save image"]));

describe("names in scripts without spaces", () => {
  const entry = (label: string, place: number) => ({ id: String(place), label, kind: "ノードを追加", also: "Load", keys: "", run: () => {} });

  test.each([
    ["サンプラー", "Kサンプラー"],
    ["読み込む", "画像を読み込む"],
    ["画像拡大", "画像を拡大"],
    ["采样", "K采样器"],
    ["vaeデコード", "VAEデコード"],
    ["ノード 読み込む", "画像を読み込む"],
    ["load 画像", "画像を読み込む"],
  ])("%s finds %s", (query, label) => {
    const names = ["画像を読み込む", "画像を拡大", "Kサンプラー", "K采样器", "VAEデコード"];
    expect(new Ranking(names.map(entry)).best(query, 5).map((best) => best.label)).toContain(label);
  });

  test("the name itself comes first, then its start, then what has it inside, idle ones below", () => {
    const names = ["空の画像", "画像を拡大", "画像", "空の画像"];
    const idle = names.map((label, place) => ({ ...entry(label, place), idle: place === 0 }));
    expect(new Ranking(idle).best("画像", 5).map(({ id }) => id)).toEqual(["2", "1", "3", "0"]);
    expect(new Ranking(idle).best("写真", 5)).toEqual([]);
  });

  test("any part of any name finds it", () => {
    const names = [...Object.values(ja), ...Object.values(zh)].filter((name) => [...name].every(isUnspaced));
    const all = new Ranking(names.map(entry));
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(), fc.nat(), (name, from, length) => {
        const start = from % name.length;
        const part = name.slice(start, start + 1 + (length % name.length));
        expect(all.best(part, names.length).map(({ label }) => label)).toContain(name);
      }),
      { numRuns: 200 },
    );
  });

  // Some milliseconds on a machine with nothing else to do; the bound is one that a busy one keeps.
  test("5,000 of them are searched at once", () => {
    const verbs = ["読み込む", "保存", "拡大", "結合", "反転"];
    const many = Array.from({ length: 5000 }, (_, place) => entry(`画像${place}を${verbs[place % 5]}`, place));
    const all = new Ranking(many);
    for (const query of ["画", "拡大", "画像結合", "無い", "4900"]) {
      const times = Array.from({ length: 5 }, () => {
        const start = performance.now();
        all.best(query, 60);
        return performance.now() - start;
      });
      expect(Math.min(...times), query).toBeLessThan(500);
    }
    expect(all.best("拡大 4902", 1)[0]?.label).toBe("画像4902を拡大");
  });
});
