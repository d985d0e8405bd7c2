import { expect, test } from "vitest";
import { shiftInside } from "./toolbarPlace";

const CANVAS = { left: 260, right: 1000 };

test("a bar that ends where its node ends stays there while it fits", () => expect(shiftInside({ left: 500, right: 700 }, 180, CANVAS)).toBe(0));

test("one that would begin left of the canvas moves to its edge", () => expect(shiftInside({ left: 262, right: 380 }, 180, CANVAS)).toBe(266 + 180 - 380));

test("one that would end right of the canvas moves back", () => expect(shiftInside({ left: 900, right: 1100 }, 180, CANVAS)).toBe(994 - 1100));

test("where the canvas is narrower than the bar, its beginning is seen", () => expect(shiftInside({ left: 260, right: 380 }, 180, { left: 260, right: 400 })).toBe(66));

test("that of a node out of sight stays with it", () => {
  expect(shiftInside({ left: 0, right: 200 }, 180, CANVAS)).toBe(0);
  expect(shiftInside({ left: 1100, right: 1200 }, 180, CANVAS)).toBe(0);
});
