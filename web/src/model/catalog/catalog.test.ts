import { describe, expect, test } from "vitest";
import type { Json } from "../../runtime/wire.gen";
import { testCatalog } from "../../testing/catalog";
import { accepts, defaultValues, loses } from "./catalog";

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

  test("say which nodes make results less exact: always, or by what is chosen", () => {
    const exact = catalog.spec("KSampler")!;
    expect(loses(exact, {})).toBe(false);
    expect(loses({ ...exact, lossy: true }, {})).toBe(true);
    const widget = { kind: "choice", choices: ["default", "fp8"], lossy: ["fp8"] };
    const choosing = { ...exact, inputs: [{ name: "dtype", type: "COMBO", default: "default", widget }] };
    expect(loses(choosing, {})).toBe(false);
    expect(loses(choosing, { dtype: "fp8" })).toBe(true);
    expect(loses({ ...choosing, inputs: [{ ...choosing.inputs[0]!, default: "fp8" }] }, {})).toBe(true);
    expect(loses({ ...choosing, inputs: [{ ...choosing.inputs[0]!, default: "fp8" }] }, { dtype: "default" })).toBe(false);
  });

  test("give new nodes their defaults, or the first choice", () => {
    expect(defaultValues(catalog.spec("CheckpointLoaderSimple")!)).toEqual({ ckpt_name: "postcards" });
    expect(defaultValues(catalog.spec("KSampler")!)).toEqual({ seed: 0, steps: 20, cfg: 8 });
  });

  test("give them what a pack tells editors alone, where that can be a value", () => {
    const told = (kind: string, hint: Json, choices?: string[]) => {
      const port = { name: "x", type: "INT", optional: true, hints: { default: hint }, widget: { kind, ...(choices && { choices }) } };
      return defaultValues({ ...catalog.spec("KSampler")!, inputs: [port] });
    };
    expect(told("int", 4)).toEqual({ x: 4 });
    expect(told("int", "four")).toEqual({ x: 0 });
    expect(told("choice", "b", ["a", "b"])).toEqual({ x: "b" });
    expect(told("choice", "c", ["a", "b"])).toEqual({ x: "a" });
  });
});
