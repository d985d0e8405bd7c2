import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sheetLayout } from "./sheet";

test("pictures keep their size where that can be drawn", () => {
  const layout = sheetLayout(3, 2, [512, 768], 4);
  expect(layout.cell).toEqual([512, 768]);
  expect(layout.width).toBeGreaterThanOrEqual(3 * 512);
  expect(layout.height).toBeGreaterThanOrEqual(2 * 768);
});

test("a sheet is never larger than can be drawn, and has room for every picture", () => {
  const side = fc.integer({ min: 1, max: 4096 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 64 }), side, side, fc.nat(60), (columns, rows, width, height, labels) => {
      const layout = sheetLayout(columns, rows, [width, height], labels);
      expect(Math.max(layout.width, layout.height)).toBeLessThanOrEqual(8192);
      expect(layout.left + columns * layout.cell[0]).toBeLessThanOrEqual(layout.width);
      expect(layout.top + rows * layout.cell[1]).toBeLessThanOrEqual(layout.height);
    }),
  );
});
