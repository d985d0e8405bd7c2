import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { testCatalog } from "../../testing/catalog";
import { testDocument } from "../../testing/document";
import { flatten } from "../subgraphs/flatten";
import { neededNodes } from "./needed";
import { cellsOf, costOf, MOST_CELLS, parseLines, parseNumbers, valueLabel, type Axis } from "./sweep";

const INT = { kind: "int", min: 1, max: 100 };
const FLOAT = { kind: "float", min: 0, max: 100, step: 0.1 };

describe("values of a sweep", () => {
  test("are listed, as ranges, and as sums", () => {
    expect(parseNumbers("4, 6, 8", INT)).toEqual({ values: [4, 6, 8] });
    expect(parseNumbers("1..9 step 2", INT)).toEqual({ values: [1, 3, 5, 7, 9] });
    expect(parseNumbers("3..1", INT)).toEqual({ values: [3, 2, 1] });
    expect(parseNumbers("0.1..0.5 step 0.1", FLOAT)).toEqual({ values: [0.1, 0.2, 0.3, 0.4, 0.5] });
    expect(parseNumbers("2*4; 1..3", INT)).toEqual({ values: [8, 1, 2, 3] });
  });

  test("are each taken once", () => {
    expect(parseNumbers("4, 4, 2+2", INT)).toEqual({ values: [4] });
    expect(parseLines("a house\n\n  a boat \na house")).toEqual({ values: ["a house", "a boat"] });
  });

  test("that cannot be are named", () => {
    expect(parseNumbers("", INT)).toEqual({ problem: { code: "empty" } });
    expect(parseLines(" \n ")).toEqual({ problem: { code: "empty" } });
    expect(parseNumbers("4, many", INT)).toEqual({ problem: { code: "notNumber", text: "many" } });
    expect(parseNumbers("1..x", INT)).toEqual({ problem: { code: "notNumber", text: "1..x" } });
    expect(parseNumbers("1.5", INT)).toEqual({ problem: { code: "notWhole", text: "1.5" } });
    expect(parseNumbers("4, 400", INT)).toEqual({ problem: { code: "beyond", text: "400" } });
    expect(parseNumbers("1..9 step 0", INT)).toEqual({ problem: { code: "badStep", text: "1..9 step 0" } });
    expect(parseNumbers("0..1000000", { kind: "int" })).toEqual({ problem: { code: "tooMany", most: MOST_CELLS } });
  });

  test("of a range have its step and never leave it", () => {
    const whole = fc.integer({ min: -1000, max: 1000 });
    fc.assert(
      fc.property(whole, whole, fc.integer({ min: 1, max: 50 }), (from, to, step) => {
        fc.pre(Math.abs(to - from) / step < MOST_CELLS - 1);
        const parsed = parseNumbers(`${from}..${to} step ${step}`, { kind: "int" });
        const values = "values" in parsed ? parsed.values.map(Number) : [];
        expect(values[0]).toBe(from);
        expect(values.every((value) => value >= Math.min(from, to) && value <= Math.max(from, to))).toBe(true);
        expect(values.slice(1).every((value, index) => Math.abs(value - (values[index] ?? 0)) === step)).toBe(true);
        expect(Math.abs(to - (values.at(-1) ?? 0))).toBeLessThan(step);
      }),
    );
  });

  test("are short as labels", () => {
    expect(valueLabel("styles/ink.safetensors")).toBe("ink.safetensors");
    expect(valueLabel(6.5)).toBe("6.5");
    expect(valueLabel("word ".repeat(40))).toHaveLength(58);
  });
});

const axis = (node: string, port: string, values: Axis["values"]): Axis => ({ scope: [], node, port, label: port, values });

describe("a sweep", () => {
  test("has each combination once, the first axis running fastest", () => {
    const cells = cellsOf(testDocument(), [axis("3", "cfg", [4, 6, 8]), axis("3", "steps", [10, 20])]);
    expect(cells.map(({ place }) => place)).toEqual([[0, 0], [1, 0], [2, 0], [0, 1], [1, 1], [2, 1]]);
    expect(cells.map(({ document }) => document.nodes["3"]?.values)).toEqual([
      { seed: 7, steps: 10, cfg: 4 }, { seed: 7, steps: 10, cfg: 6 }, { seed: 7, steps: 10, cfg: 8 },
      { seed: 7, steps: 20, cfg: 4 }, { seed: 7, steps: 20, cfg: 6 }, { seed: 7, steps: 20, cfg: 8 },
    ]);
  });

  test("leaves the document as it is, and all else in it shared", () => {
    const document = testDocument();
    const before = JSON.stringify(document);
    const [cell] = cellsOf(document, [axis("3", "cfg", [1])]);
    expect(JSON.stringify(document)).toBe(before);
    expect(cell?.document.nodes["1"]).toBe(document.nodes["1"]);
  });

  test("runs a node once for each combination of the values that reach it", () => {
    const document = testDocument();
    const flat = flatten(document);
    const needed = neededNodes(flat, testCatalog());
    const cost = costOf(flat, needed, [axis("3", "cfg", [4, 6, 8]), axis("2", "text", ["a", "b"])]);
    expect(Object.fromEntries(cost.times)).toEqual({ "1": 1, "2": 2, "3": 6, "4": 6, "5": 6 });
    expect(cost).toMatchObject({ cells: 6, runs: 21, naive: 30, shared: 1 });
  });

  test("never costs more than every picture from scratch, nor less than one", () => {
    const document = testDocument();
    const flat = flatten(document);
    const needed = neededNodes(flat, testCatalog());
    const values = fc.uniqueArray(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.constantFrom("1", "2", "3", "4", "5"), values, values, (node, first, second) => {
        const cost = costOf(flat, needed, [axis(node, "a", first), axis("3", "cfg", second)]);
        expect(cost.runs).toBeGreaterThanOrEqual(Math.max(needed.size, cost.cells));
        expect(cost.runs).toBeLessThanOrEqual(cost.naive);
      }),
    );
  });
});
