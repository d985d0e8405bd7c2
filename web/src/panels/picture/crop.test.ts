import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dragged, wholeOf, type Grip } from "./crop";

const GRIPS: readonly Grip[] = ["all", "n", "s", "w", "e", "nw", "ne", "sw", "se"];

describe("cutting a picture", () => {
  it("takes sides that models like", () => {
    const whole = wholeOf([300, 200]);
    expect(dragged(whole, "se", [-90, -3], [300, 200], 8)).toEqual({ x: 0, y: 0, width: 208, height: 200 });
    expect(dragged(whole, "nw", [45, 45], [300, 200], 8)).toEqual({ x: 44, y: 48, width: 256, height: 152 });
    expect(dragged({ x: 10, y: 10, width: 80, height: 80 }, "all", [500, -500], [300, 200], 8)).toEqual({ x: 220, y: 0, width: 80, height: 80 });
  });

  it("never leaves the picture, however it is dragged", () => {
    const pull = fc.tuple(fc.constantFrom(...GRIPS), fc.integer({ min: -900, max: 900 }), fc.integer({ min: -900, max: 900 }));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 500 }), fc.array(pull, { maxLength: 12 }), (width, height, pulls) => {
        let area = wholeOf([width, height]);
        for (const [grip, dx, dy] of pulls) area = dragged(area, grip, [dx, dy], [width, height], 8);
        expect(area.x).toBeGreaterThanOrEqual(0);
        expect(area.y).toBeGreaterThanOrEqual(0);
        expect(area.width).toBeGreaterThan(0);
        expect(area.height).toBeGreaterThan(0);
        expect(area.x + area.width).toBeLessThanOrEqual(width);
        expect(area.y + area.height).toBeLessThanOrEqual(height);
      }),
    );
  });
});
