import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Point } from "../../model/document/document";
import { grown, holds, moved, type Box } from "../../model/layout/boxes";
import { wayIntoSight } from "./inSight";

const SEEN: Box = { left: 0, top: 40, right: 900, bottom: 740 };
const TOOLS: Box = { left: 12, top: 560, right: 48, bottom: 728 };
const MAP: Box = { left: 700, top: 600, right: 890, bottom: 728 };

const boxes = (most: number): fc.Arbitrary<Box> =>
  fc
    .tuple(fc.integer({ min: -2000, max: 2000 }), fc.integer({ min: -2000, max: 2000 }), fc.integer({ min: 1, max: most }), fc.integer({ min: 1, max: most }))
    .map(([left, top, width, height]) => ({ left, top, right: left + width, bottom: top + height }));

function isClear(box: Box, covers: readonly Box[]): boolean {
  return covers.every(({ left, top, right, bottom }) => box.left > right - 1 || box.right < left + 1 || box.top > bottom - 1 || box.bottom < top + 1);
}

it("brings any box where it can be seen, and does not move one that can be", () => {
  fc.assert(
    fc.property(boxes(200), (box) => {
      const there = moved(box, wayIntoSight(box, SEEN, [TOOLS, MAP]));
      expect(holds(grown(SEEN, 1), there)).toBe(true);
      expect(isClear(there, [TOOLS, MAP])).toBe(true);
      expect(wayIntoSight(there, SEEN, [TOOLS, MAP])).toSatisfy(([x, y]: Point) => Math.abs(x) <= 1 && Math.abs(y) <= 1);
    }),
  );
});

it("goes no further than it must", () => {
  const field: Box = { left: 20, top: 700, right: 180, bottom: 724 };
  expect(wayIntoSight(field, SEEN, [TOOLS])).toEqual([28, 0]);
  expect(wayIntoSight(moved(field, [0, 100]), SEEN, [])).toEqual([0, -84]);
  expect(wayIntoSight(moved(field, [-400, -900]), SEEN, [])).toEqual([380, 240]);
});

it("shows the upper left of what is larger, and what has no free place at least inside", () => {
  const large: Box = { left: 300, top: 300, right: 3000, bottom: 320 };
  expect(wayIntoSight(large, SEEN, [])).toEqual([-300, 0]);
  expect(wayIntoSight({ left: 950, top: 100, right: 960, bottom: 120 }, SEEN, [SEEN])).toEqual([-60, 0]);
});
