import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jobRecord } from "../testing/job";
import { outputBefore } from "./earlier";
import { NO_JOBS, withRecords, type Jobs } from "./jobs";
import { groupOf, moveTarget, rowsOf, sections } from "./queue";
import type { JobOutput, JobRecord } from "./wire.gen";

const known = (...records: JobRecord[]): Jobs => withRecords(NO_JOBS, records);

describe("the queue", () => {
  test("is what runs, what waits in its order, and what has ended, the latest first", () => {
    const jobs = known(
      jobRecord({ id: "a", created: 1, state: "succeeded", ended: 5 }),
      jobRecord({ id: "b", created: 2, state: "running" }),
      jobRecord({ id: "c", created: 3, position: 9 }),
      jobRecord({ id: "d", created: 4, position: 8 }),
      jobRecord({ id: "e", created: 5, state: "failed", ended: 9 }),
    );
    expect(sections(jobs)).toEqual({ running: ["b"], waiting: ["d", "c"], ended: ["e", "a"] });
    expect(sections(jobs, 5).ended).toEqual(["e"]);
  });

  test("has all jobs of a sweep in one row, where the first of them stands", () => {
    const sweep = (id: string, cell: number, more: Partial<JobRecord> = {}): JobRecord =>
      jobRecord({ id, group: { id: "g", title: "", axes: [{ label: "cfg", value: String(cell) }], cell: [cell], size: [3] }, ...more });
    const jobs = known(
      jobRecord({ id: "a", position: 1 }),
      sweep("b", 1, { position: 2 }),
      jobRecord({ id: "c", position: 3 }),
      sweep("d", 2, { position: 4 }),
    );
    expect(rowsOf(sections(jobs), jobs).waiting).toEqual([{ job: "a" }, { group: "g", jobs: ["b", "d"] }, { job: "c" }]);
    const started = withRecords(jobs, [sweep("e", 0, { state: "running" })]);
    expect(rowsOf(sections(started), started)).toEqual({
      running: [{ group: "g", jobs: ["e", "b", "d"] }],
      waiting: [{ job: "a" }, { job: "c" }],
      ended: [],
    });
  });

  test("takes a group of another program for no sweep", () => {
    expect(groupOf(jobRecord({ group: { id: "g" } }))).toBeNull();
    expect(groupOf(jobRecord({ group: { id: "g", axes: [], cell: "0" } }))).toBeNull();
    expect(groupOf(jobRecord())).toBeNull();
  });

  test("gets a job before another, to the end, or leaves it where it is", () => {
    const waiting = ["a", "b", "c"];
    expect(moveTarget(waiting, "c", 0)).toBe("a");
    expect(moveTarget(waiting, "a", 1)).toBe("c");
    expect(moveTarget(waiting, "a", 2)).toBeNull();
    expect(moveTarget(waiting, "a", -1)).toBeUndefined();
    expect(moveTarget(waiting, "b", 1)).toBeUndefined();
    expect(moveTarget(waiting, "x", 1)).toBeUndefined();
  });

  test("has a moved job at the wanted place", () => {
    const ids = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(ids, fc.nat(), fc.nat(), (waiting, from, to) => {
        const job = waiting[from % waiting.length] ?? "";
        const index = to % waiting.length;
        const before = moveTarget(waiting, job, index);
        const others = waiting.filter((id) => id !== job);
        const place = before === undefined ? waiting.indexOf(job) : before === null ? others.length : others.indexOf(before);
        expect(place).toBe(index);
      }),
    );
  });
});

describe("what a node showed before", () => {
  const shown = (asset: string, more: Partial<JobOutput> = {}): JobOutput => ({
    kind: "output", asset, name: `${asset}.png`, mime: "image/png", width: 8, height: 8, text: null, node: "9", index: 0, ...more,
  });
  const made = (id: string, created: number, outputs: JobOutput[], document = "d"): JobRecord =>
    jobRecord({ id, created, document, outputs, state: "succeeded" });

  test("is the picture of its run before, at the same place of the batch", () => {
    const records = [
      made("new", 3, [shown("n0"), shown("n1", { index: 1 })]),
      made("old", 1, [shown("o0"), shown("o1", { index: 1 })]),
    ];
    expect(outputBefore(records, "n1")?.asset).toBe("o1");
    expect(outputBefore(records, "n0")?.asset).toBe("o0");
  });

  test("passes over other nodes, other documents, and the same picture from the cache", () => {
    const records = [
      made("again", 5, [shown("n")]),
      made("new", 4, [shown("n")]),
      made("other", 3, [shown("x")], "e"),
      made("elsewhere", 2, [shown("y", { node: "4" })]),
      made("old", 1, [shown("o")]),
    ];
    expect(outputBefore(records, "n")?.asset).toBe("o");
    expect(outputBefore(records, "o")).toBeNull();
    expect(outputBefore(records, "unknown")).toBeNull();
  });
});
