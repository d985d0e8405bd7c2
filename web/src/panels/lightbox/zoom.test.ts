import * as fc from "fast-check";
import { expect, test } from "vitest";
import { fitted, moved, pixelAt, zoomed, type Size } from "./zoom";

const size = fc.tuple(fc.integer({ min: 1, max: 8192 }), fc.integer({ min: 1, max: 8192 }));
const stage = fc.tuple(fc.integer({ min: 100, max: 3000 }), fc.integer({ min: 100, max: 2000 }));
const part = fc.double({ min: 0.05, max: 0.95, noNaN: true });

test("a fitted picture lies wholly on the stage and touches two of its sides", () => {
  fc.assert(
    fc.property(size, stage, (picture: Size, room: Size) => {
      const { scale, x, y } = fitted(picture, room);
      expect(Math.min(x, y)).toBeGreaterThanOrEqual(-1e-6);
      expect(Math.min(Math.abs(x), Math.abs(y))).toBeLessThan(1e-6);
      expect(picture[0] * scale).toBeLessThanOrEqual(room[0] + 1e-6);
    }),
  );
});

test("the pixel under the pointer stays under it when the picture is enlarged", () => {
  fc.assert(
    fc.property(size, stage, part, part, fc.double({ min: 1, max: 3, noNaN: true }), (picture: Size, room: Size, u, v, factor) => {
      const view = fitted(picture, room);
      const point = [view.x + picture[0] * view.scale * u, view.y + picture[1] * view.scale * v] as const;
      const next = zoomed(view, factor, point, picture, room);
      const at = [next.x + picture[0] * next.scale * u, next.y + picture[1] * next.scale * v];
      expect(at[0]).toBeCloseTo(point[0], 3);
      expect(at[1]).toBeCloseTo(point[1], 3);
    }),
  );
});

test("a picture cannot be lost beside the stage", () => {
  fc.assert(
    fc.property(size, stage, fc.integer(), fc.integer(), (picture: Size, room: Size, dx, dy) => {
      const { scale, x, y } = moved(fitted(picture, room), [dx, dy], picture, room);
      expect(x).toBeLessThan(room[0]);
      expect(y).toBeLessThan(room[1]);
      expect(x + picture[0] * scale).toBeGreaterThan(0);
      expect(y + picture[1] * scale).toBeGreaterThan(0);
    }),
  );
});

test("a point names the pixel it lies on, or none", () => {
  const view = { scale: 10, x: 20, y: 30 };
  expect(pixelAt(view, [20, 30], [4, 4])).toEqual([0, 0]);
  expect(pixelAt(view, [59.9, 69.9], [4, 4])).toEqual([3, 3]);
  expect(pixelAt(view, [60, 40], [4, 4])).toBeNull();
  expect(pixelAt(view, [19.9, 40], [4, 4])).toBeNull();
});
