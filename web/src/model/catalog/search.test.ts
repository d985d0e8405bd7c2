import { describe, expect, test } from "vitest";
import { testCatalog } from "../../testing/catalog";
import type { NodeSpec } from "./catalog";
import { TypeIndex } from "./search";
import { chosenRows, rowsOf, shelvesOf } from "./shelves";

const catalog = testCatalog();
const index = new TypeIndex(catalog.types());
const ids = (query: string): string[] => index.search(query).map((spec) => spec.id);

describe("search", () => {
  test("finds by title, id, category, initials and help; the best first", () => {
    expect(ids("ksam")[0]).toBe("KSampler");
    expect(ids("sampler")[0]).toBe("KSampler");
    expect(ids("vaedecode")[0]).toBe("VAEDecode");
    expect(ids("loaders")[0]).toBe("CheckpointLoaderSimple");
    expect(ids("lc")[0]).toBe("CheckpointLoaderSimple");
    expect(ids("words")[0]).toBe("CLIPTextEncode");
    expect(ids("zzz")).toEqual([]);
  });

  test("the name itself comes before its start, that before initials, those before help", () => {
    const spec = (title: string, help = ""): NodeSpec => ({ ...catalog.spec("KSampler")!, id: `x-${title}`, title, help, category: "c" });
    const types = [spec("Other", "made with li"), spec("Large image"), spec("Lift"), spec("LI"), { ...spec("Li old"), deprecated: true }];
    expect(new TypeIndex(types).search("li").map(({ title }) => title)).toEqual(["LI", "Lift", "Large image", "Li old", "Other"]);
  });

  test("of names that fit alike, what workflows use most comes first", () => {
    const spec = (id: string, title: string): NodeSpec => ({ ...catalog.spec("KSampler")!, id, title, category: "sampling" });
    const types = [spec("SamplerLMS", "SamplerLMS"), spec("SamplerCustom", "SamplerCustom"), spec("KSampler", "KSampler")];
    expect(new TypeIndex(types).search("samp").map(({ id }) => id)).toEqual(["KSampler", "SamplerLMS", "SamplerCustom"]);
    expect(new TypeIndex(types).search("samplerl")[0]?.id).toBe("SamplerLMS");
  });

  test("every word must occur", () => {
    expect(ids("load check")).toEqual(["CheckpointLoaderSimple"]);
    expect(ids("load decode")).toEqual([]);
  });

  test("a word is found inside a name that has no spaces, and two that were typed as one", () => {
    const spec = (title: string): NodeSpec => ({ ...catalog.spec("KSampler")!, id: `x-${title}`, title, help: "", category: "c" });
    const names = ["チェックポイントを読み込む", "画像を拡大", "拡大した画像", "画像拡大"];
    const found = (query: string): string[] => new TypeIndex(names.map(spec)).search(query).map(({ title }) => title);
    expect(found("読み込む")).toEqual(["チェックポイントを読み込む"]);
    expect(found("画像拡大")).toEqual(["画像拡大", "画像を拡大", "拡大した画像"]);
    expect(found("写真")).toEqual([]);
  });

  test("forgives a slip of the finger", () => {
    expect(ids("ksampelr")[0]).toBe("KSampler");
    expect(ids("decdoe")[0]).toBe("VAEDecode");
  });

  test("asked nothing, gives all as they came", () => expect(ids(" ")).toEqual(catalog.types().map((spec) => spec.id)));
});

describe("over 5,000 types", () => {
  const verbs = ["Load", "Save", "Apply", "Encode", "Decode", "Blend", "Scale", "Crop", "Merge", "Split"];
  const nouns = ["Image", "Latent", "Model", "Clip", "Vae", "Mask", "Control", "Lora", "Noise", "Prompt"];
  const help = "Turns one thing into another with care for edges and seams; it is used before sampling. ".repeat(3);
  const many = Array.from({ length: 5000 }, (_, at): NodeSpec => {
    const [verb, noun] = [verbs[at % 10], nouns[Math.floor(at / 10) % 10]];
    return { ...catalog.spec("KSampler")!, id: `${verb}${noun}${at}`, title: `${verb} ${noun} ${at}`, category: `c${at % 30}/d${at % 7}`, help };
  });
  const large = new TypeIndex(many);

  test("finds the one that is meant", () => {
    expect(large.search("load image 4900")[0]?.id).toBe("LoadImage4900");
    expect(large.search("laod image 4900")[0]?.id).toBe("LoadImage4900");
  });

  // Some milliseconds on a machine with nothing else to do; the bound is one that a busy one keeps.
  test.each(["s", "load", "load image 4", "seams", "li", "smaple image", "zzzz", "画像", "画像拡大"])("%j is found at once", (query) => {
    large.search(query);
    const times = Array.from({ length: 20 }, () => {
      const start = performance.now();
      large.search(query);
      return performance.now() - start;
    });
    expect(Math.min(...times)).toBeLessThan(1000);
  });
});

test("once it is prepared, a slip of the fingers is found, and what is spelt right all the while", async () => {
  const fresh = new TypeIndex(catalog.types());
  const ready = fresh.prepare();
  expect(fresh.search("ksampler")[0]?.id).toBe("KSampler");
  await ready;
  expect(fresh.search("ksampelr")[0]?.id).toBe("KSampler");
});

describe("the library", () => {
  const spec = (id: string, category: string): NodeSpec => ({ ...catalog.spec("KSampler")!, id, title: id, category });
  const shelves = shelvesOf([spec("b", "image/filter"), spec("a", "image/filter"), spec("c", "image"), spec("d", ""), { ...spec("e", "image"), deprecated: true }]);

  test("nests categories and hides deprecated types", () => {
    expect(shelves.map(({ path, count }) => [path, count])).toEqual([["image", 3], ["other", 1]]);
    expect(shelves[0]?.shelves[0]).toMatchObject({ path: "image/filter", types: [{ id: "a" }, { id: "b" }] });
  });

  test("has what few people need below all else", () => {
    const some = shelvesOf(["advanced", "_for_testing", "sampling", "latent", "latent/advanced", "latent/batch"].map((path) => spec(path, path)));
    expect(some.map(({ path }) => path)).toEqual(["latent", "sampling", "advanced", "_for_testing"]);
    expect(some[0]?.shelves.map(({ path }) => path)).toEqual(["latent/advanced", "latent/batch"]);
  });

  test("has one shelf for what packs write in several ways", () => {
    const some = shelvesOf([spec("a", "_for_testing"), spec("b", "For testing"), spec("c", "sampling"), spec("d", "Sampling/custom"), spec("e", "for_testing/x/")]);
    expect(some.map(({ path, count }) => [path, count])).toEqual([["sampling", 2], ["_for_testing", 3]]);
    expect(some[1]?.types.map(({ id }) => id)).toEqual(["a", "b"]);
    expect(some[0]?.shelves[0]?.types.map(({ id }) => id)).toEqual(["d"]);
    expect(some[1]?.shelves[0]?.types.map(({ id }) => id)).toEqual(["e"]);
  });

  test("shows what is on open shelves", () => {
    expect(rowsOf(shelves, new Set())).toHaveLength(2);
    const rows = rowsOf(shelves, new Set(["image", "image/filter"]));
    expect(rows.map(({ key, depth }) => `${depth} ${key}`)).toEqual(["0 image", "1 image/filter", "2 image/filter\na", "2 image/filter\nb", "1 image\nc", "0 other"]);
  });

  test("puts chosen types on a shelf of their own, if there are any", () => {
    expect(chosenRows("*", "Favourites", [], new Set(["*"]))).toEqual([]);
    expect(chosenRows("*", "Favourites", [spec("a", "x")], new Set(["*"]))).toHaveLength(2);
  });
});
