import { describe, expect, test } from "vitest";
import type { Job } from "../runtime/jobs";
import type { JobRecord } from "../runtime/wire.gen";
import { jobRecord } from "../testing/job";
import { jobDetail, jobExplained } from "./jobWords";

const UNKNOWN = { part: 0, left: null };

function job(record: Partial<JobRecord>, more: Partial<Job> = {}): Job {
  return { record: jobRecord(record), planned: null, ran: 0, cached: 0, running: null, progress: null, ...more };
}

describe("a job in words", () => {
  test("says which node runs, how far it is, how long it still takes, and where", () => {
    const running = job({ state: "running", worker: "cpu-0" }, { planned: ["1", "2"], running: "2", progress: [14, 20] });
    expect(jobDetail(running, "KSampler", { part: 0.7, left: 2.1 }, false)).toBe("KSampler 14 / 20 · 2.1 s left · cpu-0");
    expect(jobDetail(job({ state: "running" }), undefined, UNKNOWN, false)).toBe("running");
  });

  test("says what took how long and what was there", () => {
    const summary = { executed: 3, cached: 4, skipped: 0, seconds: 1.42, per_node: {} };
    expect(jobDetail(job({ state: "succeeded", summary }), undefined, UNKNOWN, false)).toBe("done · 1.4 s · 4 from cache");
  });

  test("tells the next one from those behind it", () => {
    expect(jobDetail(job({}), undefined, UNKNOWN, true)).toBe("next");
    expect(jobDetail(job({}), undefined, UNKNOWN, false)).toBe("waiting");
  });

  test("explains a job that waits again, and one that is not tried any more", () => {
    const problem = { code: "worker_killed", message: "The worker was killed.", hint: "", node: null, port: null, severity: "error" as const };
    const again = job({ attempt: 1, problems: [problem] });
    expect(jobDetail(again, undefined, UNKNOWN, false)).toBe("waits to go on · The worker was killed.");
    expect(jobExplained(again)).toContain("What was computed by then is kept");
    expect(jobExplained(job({ state: "quarantined", attempt: 2 }))).toContain("ended its worker process twice");
    expect(jobExplained(job({ state: "succeeded" }))).toBe("");
  });
});
