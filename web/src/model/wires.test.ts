import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { testCatalog } from "../testing/catalog";
import { testDocument } from "../testing/document";
import { boxAt, nodeBoxes } from "./boxes";
import { Courses, Ports } from "./courses";
import { wireKey, type Point } from "./document";
import { Guides } from "./guides";
import { circleMakers, isUnwired, passage, wiresThrough } from "./inserting";
import { inverted, isInside, lassoed, sameType, withDownstream, withUpstream } from "./selecting";
import { tidied } from "./tidy";
import { inReadingOrder, neighbour, readingOrder } from "./walking";
import { crosses, curvesBox, nearness, pathOf, pointAt, segmentsCross, wireCurves } from "./wirepath";

const catalog = testCatalog();
const document = testDocument();
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

describe("the courses of a graph", () => {
  const ports = new Ports(document, catalog);
  const courses = new Courses(document, ports);

  test("are found at a place, through a box and under a stroke", () => {
    const wire = wireKey(["5", "images"]);
    const [from, to] = [ports.output(["4", "IMAGE"])!, ports.input(["5", "images"])!];
    const middle: Point = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
    expect(courses.at([middle[0], middle[1] + 3], 8)).toBe(wire);
    expect(courses.at([middle[0], middle[1] + 300], 8)).toBeNull();
    expect(courses.through(boxAt([middle[0] - 20, middle[1] - 20], [40, 40]))).toBe(wire);
    expect(courses.cut([[middle[0], middle[1] - 50], [middle[0], middle[1] + 50]])).toEqual([wire]);
    expect(courses.cut([])).toEqual([]);
  });

  test("leave out what is not wanted", () => {
    expect(new Courses(document, ports, () => false).cut([[-1e3, -1e3], [2e3, 1e3]])).toEqual([]);
  });

  test("know no course for ports that are not there", () => {
    expect(ports.course({ from: ["1", "nothing"], to: ["3", "model"] })).toEqual([]);
    expect(ports.course({ from: ["9", "MODEL"], to: ["3", "model"] })).toEqual([]);
    expect(ports.output(["1", "#1"])).toEqual(ports.output(["1", "CLIP"]));
  });
});

describe("a node put into a wire", () => {
  const wire = document.wires[wireKey(["5", "images"])]!;

  test("needs a port for either end", () => {
    const reroute = catalog.spec("Reroute")!;
    expect(passage(document, catalog, wire, reroute)).toEqual({ input: "value", output: "value" });
    expect(passage(document, catalog, wire, catalog.spec("KSampler")!)).toBeNull();
    expect(wiresThrough(wire, "9", { input: "a", output: "b" })).toEqual([
      { from: ["4", "IMAGE"], to: ["9", "a"] },
      { from: ["9", "b"], to: ["5", "images"] },
    ]);
  });

  test("must be unwired", () => {
    expect(isUnwired(document, "3")).toBe(false);
    expect(isUnwired({ ...document, wires: {} }, "3")).toBe(true);
  });

  test("must not close a circle", () => {
    expect([...circleMakers(document, "3", "output")].toSorted()).toEqual(["1", "2", "3"]);
    expect([...circleMakers(document, "3", "input")].toSorted()).toEqual(["3", "4", "5"]);
  });
});

describe("choosing", () => {
  test("by type and by wires", () => {
    expect(sameType(document, ["2"])).toEqual(["2"]);
    expect(withUpstream(document, ["4"]).toSorted()).toEqual(["1", "2", "3", "4"]);
    expect(withDownstream(document, ["2"]).toSorted()).toEqual(["2", "3", "4", "5"]);
    expect(inverted(document, new Set(["1", "5"]))).toEqual(["2", "3", "4"]);
  });

  test("by a line drawn around", () => {
    const boxes = nodeBoxes(document, catalog);
    expect(lassoed(boxes, [[-10, -10], [550, -10], [550, 600], [-10, 600]])).toEqual(["1", "2"]);
    expect(lassoed(boxes, [[0, 0], [1, 1]])).toEqual([]);
    expect(isInside([5, 5], [[0, 0], [10, 0], [10, 10], [0, 10]])).toBe(true);
    expect(isInside([15, 5], [[0, 0], [10, 0], [10, 10], [0, 10]])).toBe(false);
  });
});

describe("walking", () => {
  const boxes = nodeBoxes(document, catalog);

  test("follows wires", () => {
    expect(neighbour(document, boxes, "3", "right")).toBe("4");
    expect(neighbour(document, boxes, "5", "left")).toBe("4");
    expect(neighbour(document, boxes, "9", "left")).toBeNull();
  });

  test("without a wire goes to what is there", () => {
    const free = { ...document, wires: {} };
    expect(neighbour(free, boxes, "1", "right")).toBe("2");
    expect(neighbour(free, boxes, "1", "left")).toBeNull();
  });

  test("reads by columns, round and round", () => {
    expect(readingOrder(boxes)).toEqual(["1", "2", "3", "4", "5"]);
    expect(inReadingOrder(boxes, null, 1)).toBe("1");
    expect(inReadingOrder(boxes, "5", 1)).toBe("1");
    expect(inReadingOrder(boxes, "1", -1)).toBe("5");
    expect(inReadingOrder(new Map(), null, 1)).toBeNull();
  });
});

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

describe("tidying", () => {
  const boxes = nodeBoxes(document, catalog);
  const sizes = [...boxes].map(([id, box]) => [id, [box.right - box.left, box.bottom - box.top]] as const);
  const ports = new Ports(document, catalog);
  const wires = Object.values(document.wires).map(({ from, to }) => ({
    from: from[0],
    out: ports.output(from)![1] - document.nodes[from[0]]!.at[1],
    to: to[0],
    in: ports.input(to)![1] - document.nodes[to[0]]!.at[1],
  }));

  test("lets all wires run to the right, and no two nodes overlap", () => {
    const places = tidied({ sizes, wires, groups: [], corner: [11, 22] });
    const size = new Map(sizes);
    for (const { from, to } of wires) expect(places[from]![0] + size.get(from)![0]).toBeLessThan(places[to]![0]);
    expect(Math.min(...Object.values(places).map(([x]) => x))).toBe(11);
    expect(Math.min(...Object.values(places).map(([, y]) => y))).toBe(22);
  });

  test("also lays out nodes without wires, and circles", () => {
    expect(Object.keys(tidied({ sizes, wires: [], groups: [], corner: [0, 0] }))).toHaveLength(5);
    const odd = [["5", "1"], ["1", "1"], ["x", "1"]].map(([from = "", to = ""]) => ({ from, out: 0, to, in: 0 }));
    expect(Object.keys(tidied({ sizes, wires: [...wires, ...odd], groups: [], corner: [0, 0] }))).toHaveLength(5);
  });

  test("puts nodes in the order of the ports that they are wired to", () => {
    const three = ["a", "b", "c"].map((id) => [id, [100, 50]] as const);
    const to = (from: string, port: number) => ({ from, out: 20, to: "t", in: port });
    const places = tidied({ sizes: [...three, ["t", [100, 200]]], wires: [to("a", 150), to("b", 20), to("c", 80)], groups: [], corner: [0, 0] });
    expect(["a", "b", "c"].toSorted((one, other) => places[one]![1] - places[other]![1])).toEqual(["b", "c", "a"]);
  });

  test("takes seconds for a thousand nodes, not minutes", () => {
    const many = Array.from({ length: 1000 }, (_, index) => [`${index}`, [220, 200]] as const);
    const all = many.slice(50).flatMap((_, index) => [0, 1].map((next) => ({ from: `${index + next}`, out: 20, to: `${index + 50}`, in: 20 + next })));
    const start = performance.now();
    tidied({ sizes: many, wires: all, groups: [], corner: [0, 0] });
    expect(performance.now() - start).toBeLessThan(15_000);
  });

  test("keeps the nodes of a frame together, and no two nodes overlap", () => {
    const named = ["a", "b", "c", "d", "e"].map((id) => [id, [100, 50]] as const);
    const all = named.map(([id], index) => ({ from: id, out: 20, to: "t", in: 20 * index }));
    const places = tidied({ sizes: [...named, ["t", [100, 200]]], wires: all, groups: [["a", "d"]], corner: [0, 0] });
    const order = named.map(([id]) => id).toSorted((one, other) => places[one]![1] - places[other]![1]);
    expect(Math.abs(order.indexOf("a") - order.indexOf("d"))).toBe(1);
    for (const [index, id] of order.entries()) if (index) expect(places[id]![1]).toBeGreaterThanOrEqual(places[order[index - 1]!]![1] + 50);
  });
});
