import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aligned, distributed, type Boxes, type Edge } from "./arrange";
import { type Point } from "../document/document";

const point = fc.tuple(fc.integer({ min: -2000, max: 2000 }), fc.integer({ min: -2000, max: 2000 }));

describe("lining up", () => {
  const box = (left: number, top: number, width: number, height: number) => ({ left, top, right: left + width, bottom: top + height });
  const boxes: Boxes = new Map([
    ["a", box(0, 0, 100, 50)],
    ["b", box(200, 20, 50, 100)],
    ["c", box(400, 300, 200, 60)],
  ]);

  test.each<[Edge, Record<string, Point>]>([
    ["left", { b: [0, 20], c: [0, 300] }],
    ["right", { a: [500, 0], b: [550, 20] }],
    ["top", { b: [200, 0], c: [400, 0] }],
    ["bottom", { a: [0, 310], b: [200, 260] }],
    ["centre", { a: [250, 0], b: [275, 20] }],
    ["middle", { a: [0, 155], b: [200, 130], c: [400, 150] }],
  ])("%s", (edge, places) => expect(aligned(boxes, edge)).toMatchObject(places));

  test("does it once: what is in line stays", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(point, point.map(([w, h]) => [Math.abs(w) + 1, Math.abs(h) + 1] as const)), { minLength: 2, maxLength: 8 }), fc.constantFrom<Edge>("left", "right", "top", "bottom"), (list, edge) => {
        const first = new Map(list.map(([[x, y], [w, h]], index) => [`${index}`, box(x, y, w, h)]));
        const places = aligned(first, edge);
        const second = new Map([...first].map(([id, old]) => {
          const [x, y] = places[id] ?? [old.left, old.top];
          return [id, box(x, y, old.right - old.left, old.bottom - old.top)] as const;
        }));
        expect(aligned(second, edge)).toEqual({});
        expect(new Set([...second.values()].map((item) => item[edge as "left"])).size).toBe(1);
      }),
    );
  });

  test("spaces things out evenly, the outermost where they were", () => {
    expect(distributed(boxes, "across")).toEqual({ b: [225, 20] });
    const crowded: Boxes = new Map([...boxes, ["d", box(0, 10, 600, 20)]]);
    const places = distributed(crowded, "across");
    expect(Object.keys(places).length).toBeGreaterThan(0);
  });
});
