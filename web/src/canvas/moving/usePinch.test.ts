import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Point } from "../../model/document/document";
import { pinched } from "./usePinch";

const POINT = fc.tuple(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 900 }));
const PAIR = fc.tuple(POINT, POINT).filter(([a, b]) => Math.hypot(a[0] - b[0], a[1] - b[1]) > 20);
const VIEW = fc.record({ x: fc.integer({ min: -900, max: 900 }), y: fc.integer({ min: -900, max: 900 }), zoom: fc.double({ min: 0.2, max: 1, noNaN: true }) });

it("keeps below the fingers what was there", () => {
  fc.assert(
    fc.property(VIEW, PAIR, PAIR, (view, from, to) => {
      const next = pinched(view, from, to);
      const [a, b] = from;
      const [c, d] = to;
      const below: Point = [((a[0] + b[0]) / 2 - view.x) / view.zoom, ((a[1] + b[1]) / 2 - view.y) / view.zoom];
      expect(next.x + below[0] * next.zoom).toBeCloseTo((c[0] + d[0]) / 2, 4);
      expect(next.y + below[1] * next.zoom).toBeCloseTo((c[1] + d[1]) / 2, 4);
      expect(next.zoom >= 0.02 && next.zoom <= 2.5).toBe(true);
    }),
  );
});

it("does nothing while the fingers rest", () => {
  fc.assert(
    fc.property(VIEW, PAIR, (view, pair) => {
      const next = pinched(view, pair, pair);
      expect([next.x, next.y, next.zoom]).toEqual([expect.closeTo(view.x, 5), expect.closeTo(view.y, 5), expect.closeTo(view.zoom, 5)]);
    }),
  );
});
