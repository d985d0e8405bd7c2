import { afterEach, expect, test } from "vitest";
import { speak } from "../i18n/text";
import { categoryText } from "./category";

afterEach(() => speak("en"));

test("categories of the field have words in every language", async () => {
  expect(categoryText("image/_for_testing")).toBe("Image · For testing");
  await speak("de");
  expect(categoryText("advanced/cond pair")).toBe("Erweitert · Paare von Bedingungen");
  await speak("ja");
  expect(categoryText("mask")).toBe("マスク");
});

test("what only a pack knows stays as it is", () => {
  expect(categoryText("my_pack/Färben")).toBe("my pack · Färben");
});
