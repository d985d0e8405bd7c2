import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { boxAt } from "./boxes";
import { Guides } from "./guides";

const coordinate = fc.integer({ min: -3000, max: 3000 });
const point = fc.tuple(coordinate, coordinate);

describe("alignment guides", () => {
  const guides = new Guides([boxAt([100, 100], [200, 100])]);

  test("catch edges and middles within reach, each direction by itself", () => {
    expect(guides.snap(boxAt([104, 500], [50, 50]), 6).by).toEqual([-4, 0]);
    expect(guides.snap(boxAt([400, 146], [10, 10]), 6).by).toEqual([0, -1]);
    expect(guides.snap(boxAt([500, 500], [50, 50]), 6)).toEqual({ by: [0, 0], guides: [] });
  });

  test("are drawn from one thing to the other", () => {
    const { guides: found } = guides.snap(boxAt([98, 500], [50, 50]), 6);
    expect(found).toContainEqual({ axis: "x", at: 100, from: 100, to: 550 });
  });

  test("never move further than they may, and what is in line stays", () => {
    const box = fc.tuple(point, fc.tuple(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 400 }))).map(([at, size]) => boxAt(at, size));
    fc.assert(
      fc.property(fc.array(box, { maxLength: 20 }), box, fc.integer({ min: 0, max: 12 }), (others, item, within) => {
        const all = new Guides(others);
        const { by } = all.snap(item, within);
        expect(Math.max(...by.map(Math.abs))).toBeLessThanOrEqual(within);
        const there = { left: item.left + by[0], right: item.right + by[0], top: item.top + by[1], bottom: item.bottom + by[1] };
        expect(all.snap(there, 0).by.map(Math.abs)).toEqual([0, 0]);
      }),
    );
  });
});
