import { expect, test } from "vitest";
import { hex } from "./pixels";

test("a colour has six digits, and two more if one can see through it", () => {
  expect(hex([0, 10, 255, 255])).toBe("#000aff");
  expect(hex([0, 10, 255, 128])).toBe("#000aff80");
});
