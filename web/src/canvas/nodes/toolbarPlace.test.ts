import { expect, test } from "vitest";
import { shiftInside, sideOf } from "./toolbarPlace";

const CANVAS = { left: 260, right: 1000 };

test("a bar that ends where its node ends stays there while it fits", () => expect(shiftInside({ left: 500, right: 700 }, 180, CANVAS)).toBe(0));

test("one that would begin left of the canvas moves to its edge", () => expect(shiftInside({ left: 262, right: 380 }, 180, CANVAS)).toBe(266 + 180 - 380));

test("one that would end right of the canvas moves back", () => expect(shiftInside({ left: 900, right: 1100 }, 180, CANVAS)).toBe(994 - 1100));

test("where the canvas is narrower than the bar, its beginning is seen", () => expect(shiftInside({ left: 260, right: 380 }, 180, { left: 260, right: 400 })).toBe(66));

test("that of a node out of sight stays with it", () => {
  expect(shiftInside({ left: 0, right: 200 }, 180, CANVAS)).toBe(0);
  expect(shiftInside({ left: 1100, right: 1200 }, 180, CANVAS)).toBe(0);
});

const ROOM = { top: 44, bottom: 900 };

test("a bar is above its node where it can be seen there", () => {
  expect(sideOf({ top: 100, bottom: 300 }, 40, ROOM)).toBe("above");
  expect(sideOf({ top: 84, bottom: 300 }, 40, ROOM)).toBe("above");
});

test("at the upper edge it is below, and over a node that fills the canvas", () => {
  expect(sideOf({ top: 60, bottom: 300 }, 40, ROOM)).toBe("below");
  expect(sideOf({ top: 10, bottom: 300 }, 40, ROOM)).toBe("below");
  expect(sideOf({ top: 60, bottom: 880 }, 40, ROOM)).toBe("over");
});

test("that of a node above or below the canvas goes with it", () => {
  expect(sideOf({ top: -300, bottom: 40 }, 40, ROOM)).toBe("above");
  expect(sideOf({ top: 950, bottom: 1200 }, 40, ROOM)).toBe("above");
});
