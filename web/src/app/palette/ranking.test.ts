import { expect, test } from "vitest";
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
