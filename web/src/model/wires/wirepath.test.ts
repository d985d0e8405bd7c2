import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crosses, curvesBox, nearness, pathOf, pointAt, segmentsCross, wireCurves } from "./wirepath";

const coordinate = fc.integer({ min: -3000, max: 3000 });
const point = fc.tuple(coordinate, coordinate);

describe("the course of a wire", () => {
  test("goes through its knots, level at each", () => {
    const curves = wireCurves([0, 0], [[100, 50]], [200, 0]);
    expect(curves).toHaveLength(2);
    expect(curves[0]?.to).toEqual([100, 50]);
    expect(curves[0]?.in[1]).toBe(50);
    expect(pathOf(curves)).toMatch(/^M0 0C.* 100 50C.* 200 0$/);
  });

  test("never leaves the box of its control points, and is near itself", () => {
    fc.assert(
      fc.property(point, fc.array(point, { maxLength: 3 }), point, fc.double({ min: 0, max: 1, noNaN: true }), (from, knots, to, t) => {
        const curves = wireCurves(from, knots, to);
        const box = curvesBox(curves);
        for (const [index, part] of curves.entries()) {
          const [x, y] = pointAt(part, t);
          expect(x).toBeGreaterThanOrEqual(box.left - 1e-6);
          expect(x).toBeLessThanOrEqual(box.right + 1e-6);
          expect(y).toBeGreaterThanOrEqual(box.top - 1e-6);
          expect(y).toBeLessThanOrEqual(box.bottom + 1e-6);
          expect(nearness([part], pointAt(part, 0.5)).distance).toBeLessThan(1e-6);
          expect(index).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  test("tells which part is nearest, so that a new knot goes between the right ones", () => {
    const curves = wireCurves([0, 0], [[100, 0], [200, 0]], [300, 0]);
    expect(nearness(curves, [150, 4])).toEqual({ distance: 4, part: 1 });
  });

  test("is cut by a stroke across it, not by one beside it", () => {
    const curves = wireCurves([0, 0], [], [300, 200]);
    expect(crosses(curves, [[150, -100], [150, 300]])).toBe(true);
    expect(crosses(curves, [[0, 150], [100, 150]])).toBe(false);
    expect(crosses(curves, [[150, -100]])).toBe(false);
  });

  test("segments cross alike however they are turned", () => {
    fc.assert(
      fc.property(point, point, point, point, (a, b, c, d) => {
        expect(segmentsCross(a, b, c, d)).toBe(segmentsCross(d, c, b, a));
        expect(segmentsCross(a, b, a, d)).toBe(true);
      }),
    );
  });
});
