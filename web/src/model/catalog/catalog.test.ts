import { describe, expect, test } from "vitest";
import { testCatalog } from "../../testing/catalog";
import { accepts, defaultValues } from "./catalog";

const catalog = testCatalog();

describe("types", () => {
  test.each([
    ["IMAGE", "IMAGE", true],
    ["IMAGE", "MASK", false],
    ["IMAGE,MASK", "MASK", true],
    ["*", "MODEL", true],
    ["MODEL", "*", true],
    ["FLOAT", "INT", true],
    ["INT", "FLOAT", false],
  ])("an input of %s takes %s: %s", (input, output, fits) => expect(accepts(input, output)).toBe(fits));

  test("are found under former ids, and listed once", () => {
    expect(catalog.spec("OldSampler")?.id).toBe("KSampler");
    expect(catalog.types().filter((spec) => spec.id === "KSampler")).toHaveLength(1);
  });

  test("give new nodes their defaults, or the first choice", () => {
    expect(defaultValues(catalog.spec("CheckpointLoaderSimple")!)).toEqual({ ckpt_name: "postcards" });
    expect(defaultValues(catalog.spec("KSampler")!)).toEqual({ seed: 0, steps: 20, cfg: 8 });
  });
});
