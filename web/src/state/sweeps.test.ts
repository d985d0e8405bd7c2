import { expect, test } from "vitest";
import type { JobRecord } from "../runtime/wire.gen";
import { jobRecord } from "../testing/job";
import { tableOf } from "./sweeps";

function cell(id: string, x: number, y: number, more: Partial<JobRecord> = {}): JobRecord {
  const axes = [{ label: "steps", value: String(10 * (x + 1)) }, { label: "cfg", value: String(y + 1) }];
  return jobRecord({ id, group: { id: "g", title: "Boat: steps × cfg", axes, cell: [x, y], size: [3, 2] }, ...more });
}

test("jobs of a sweep stand at their places, with the values along the sides", () => {
  const table = tableOf([cell("d", 2, 1), cell("a", 0, 0), cell("b", 1, 0)]);
  expect(table).toMatchObject({ title: "Boat: steps × cfg", axes: ["steps", "cfg"], columns: ["10", "20", "30"], rows: ["1", "2"] });
  expect(table?.cells.map((row) => row.map((record) => record?.id))).toEqual([
    ["a", "b", undefined],
    [undefined, undefined, "d"],
  ]);
});

test("where one was run again, the latest counts", () => {
  const table = tableOf([cell("again", 0, 0, { created: 9 }), cell("first", 0, 0, { created: 1 })]);
  expect(table?.cells[0]?.[0]?.id).toBe("again");
});

test("what is no sweep, or has places that cannot be, does no harm", () => {
  expect(tableOf([])).toBeNull();
  expect(tableOf([jobRecord(), jobRecord({ group: { id: "g" } })])).toBeNull();
  expect(tableOf([cell("far", 99, 99)])?.cells.flat().filter(Boolean)).toEqual([]);
});
