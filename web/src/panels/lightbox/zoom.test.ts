import * as fc from "fast-check";
import { expect, test } from "vitest";
import { fitted, inPlaceOf, moved, pixelAt, zoomed, type Size } from "./zoom";

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

test("another picture lies in the place of the first, whole and in its own shape", () => {
  fc.assert(
    fc.property(size, size, stage, (first: Size, second: Size, room: Size) => {
      const view = fitted(first, room);
      const own = inPlaceOf(view, first, second);
      expect(own.x).toBeGreaterThanOrEqual(view.x - 1e-6);
      expect(own.x + second[0] * own.scale).toBeLessThanOrEqual(view.x + first[0] * view.scale + 1e-6);
      expect(own.y + second[1] * own.scale).toBeLessThanOrEqual(view.y + first[1] * view.scale + 1e-6);
    }),
  );
  // The same place in a picture twice as large is another pixel of it.
  const view = { scale: 4, x: 10, y: 20 };
  expect(inPlaceOf(view, [64, 64], [128, 128])).toEqual({ scale: 2, x: 10, y: 20 });
  expect(pixelAt(inPlaceOf(view, [64, 64], [128, 128]), [50, 60], [128, 128])).toEqual([20, 20]);
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
