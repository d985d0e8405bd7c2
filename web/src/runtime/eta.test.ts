import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jobRecord } from "../testing/job";
import { expected } from "./eta";
import type { Job, NodeRun } from "./jobs";

const NOW = 1_000_000;

function job(planned: readonly string[] | null, ran = 0): Job {
  return { record: jobRecord({ state: "running" }), planned, ran, cached: 0, running: null, progress: null };
}

const done = (seconds: number): NodeRun => ({ job: "j", state: "done", seconds, outputs: [] });
const running = (started: number, value?: number, total?: number): NodeRun => ({
  job: "j", state: "running", started, outputs: [], ...(value !== undefined && total !== undefined && { value, total }),
});

describe("how long a job still takes", () => {
  test("is unknown before its nodes are, and where nothing is known of them", () => {
    expect(expected(job(null), {}, {}, NOW)).toEqual({ part: 0, left: null });
    expect(expected(job(["1", "2"], 1), { "1": done(3) }, {}, NOW)).toEqual({ part: 0.5, left: null });
  });

  test("is what the nodes ahead usually take", () => {
    const runs = { "1": done(2) };
    expect(expected(job(["1", "2", "3"]), runs, { "1": 2, "2": 5, "3": 1 }, NOW)).toEqual({ part: 0.25, left: 6 });
  });

  test("follows the steps of the node that runs, not what it took once", () => {
    const runs = { "1": running(NOW - 4000, 4, 20) };
    const { left, part } = expected(job(["1"]), runs, { "1": 300 }, NOW);
    expect(left).toBeCloseTo(16);
    expect(part).toBeCloseTo(0.2);
  });

  test("is never less than nothing when a node takes longer than it did", () => {
    expect(expected(job(["1"]), { "1": running(NOW - 9000) }, { "1": 2 }, NOW)).toEqual({ part: 1, left: 0 });
  });

  test("does not count what another job of the document did", () => {
    const runs = { "1": { ...done(2), job: "other" } };
    expect(expected(job(["1"]), runs, { "1": 2 }, NOW).left).toBe(2);
  });

  test("lies between nothing and all, and shrinks as steps are done at one speed", () => {
    const seconds = fc.double({ min: 0.01, max: 1000, noNaN: true });
    fc.assert(
      fc.property(seconds, fc.integer({ min: 2, max: 50 }), seconds, (pace, total, ahead) => {
        const left = Array.from({ length: total - 1 }, (_, index) => {
          const value = index + 1;
          const runs = { "1": running(NOW - pace * value * 1000, value, total) };
          const way = expected(job(["1", "2"]), runs, { "2": ahead }, NOW);
          expect(way.part).toBeGreaterThanOrEqual(0);
          expect(way.part).toBeLessThanOrEqual(1);
          return way.left ?? 0;
        });
        expect(left).toEqual(left.toSorted((a, b) => b - a));
        expect(left.every((value) => value >= ahead - 1e-6)).toBe(true);
      }),
    );
  });
});
