import { afterEach, expect, test } from "vitest";
import de from "../i18n/types/de.json";
import ja from "../i18n/types/ja.json";
import zh from "../i18n/types/zh.json";
import { speak } from "../i18n/text";
import { TypeIndex } from "../model/catalog/search";
import { testCatalog } from "../testing/catalog";
import { inLanguage } from "./typeNames";

afterEach(() => speak("en"));

const declared = { digest: "1", failures: [], nodes: testCatalog().types() };

test("every language has names for the same types, and no two types share one", () => {
  for (const names of [de, ja, zh]) {
    expect(Object.keys(names)).toEqual(Object.keys(de));
    expect(new Set(Object.values(names)).size).toBe(Object.keys(names).length);
  }
});

test("types have their names in the language that is spoken, others stay as they are declared", async () => {
  const title = (id: string) => inLanguage(declared).nodes.find((spec) => spec.id === id)?.title;
  expect(title("VAEDecode")).toBe("Decode");
  await speak("zh");
  expect(title("VAEDecode")).toBe("VAE解码");
  expect(title("Reroute")).toBe("Reroute");
  await speak("en");
  expect(title("VAEDecode")).toBe("Decode");
});

test("a pack's type that has the name of one of ours keeps its own", async () => {
  await speak("de");
  const theirs = { ...declared, nodes: declared.nodes.map((spec) => ({ ...spec, pack: "theirs" })) };
  expect(inLanguage(theirs)).toEqual(theirs);
});

test("types are found by both names and by their id", async () => {
  await speak("de");
  const index = new TypeIndex(inLanguage(declared).nodes);
  for (const query of ["bild speichern", "save image", "saveimage", "SaveImage"]) expect(index.search(query)[0]?.id).toBe("SaveImage");
  await speak("zh");
  expect(new TypeIndex(inLanguage(declared).nodes).search("采样")[0]?.id).toBe("KSampler");
});
