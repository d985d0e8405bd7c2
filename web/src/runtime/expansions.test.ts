import { describe, expect, test } from "vitest";
import { jobRecord as record } from "../testing/job";
import { ownerOf, recordOfOwners } from "./expansions";
import * as jobs from "./jobs";
import type { Event as JobEvent, Problem } from "./wire.gen";

const SIGNATURES = { "4": "s4", "5": "s5", "a.b": "sab" };
const OURS = { document: "d", signatures: SIGNATURES };
const PICTURE = { kind: "output" as const, asset: "f00", name: "a.png", mime: "image/png", width: 8, height: 8, text: null };
const SUMMARY = { executed: 3, cached: 0, skipped: 0, seconds: 1.5, per_node: {} };
const PROBLEM: Problem = { code: "node_error", message: "No.", hint: "", node: "4.1", port: "image", severity: "error" };

function started(node: string, shown = ""): JobEvent {
  return { type: "node_started", node, reason: "", effects: false, shown };
}

function finished(node: string, ...outputs: (typeof PICTURE)[]): JobEvent {
  return { type: "node_finished", node, cached: false, seconds: 0.5, outputs };
}

const BEGUN: JobEvent[] = [
  { type: "started", worker: "cpu-0", attempt: 1, nodes: 2 },
  { type: "nodes_planned", run: ["4", "5"], cached: [] },
  started("4"),
  started("4.1"),
  { type: "node_progress", node: "4.1", value: 3, total: 20 },
];

function after(...events: JobEvent[]): jobs.Jobs {
  const start = jobs.withOurs(jobs.NO_JOBS, record(), OURS);
  return events.reduce((known, item, index) => jobs.withEvent(known, "j", item, 1000 * index), start);
}

const nodesOf = (known: jobs.Jobs): jobs.DocumentRuns["nodes"] => jobs.runsOf(known, "d").nodes;

describe("what nodes of an expansion do", () => {
  test.each([
    ["4", "4"],
    ["4.1", "4"],
    ["4.1.2", "4"],
    ["4.~0f", "4"],
    ["a.b", "a.b"],
    ["a.b.1", "a.b"],
    ["7.1", "7.1"],
  ])("%s is shown on %s", (node, owner) => expect(ownerOf(node, SIGNATURES)).toBe(owner));

  test("shows on the node that expanded: how far it is, then its pictures", () => {
    const running = after(...BEGUN);
    expect(nodesOf(running)).toEqual({ "4": expect.objectContaining({ state: "running", value: 3, total: 20 }) });
    expect(running.byId["j"]).toMatchObject({ running: "4", progress: [3, 20] });

    const next = after(...BEGUN, finished("4.1", PICTURE), started("4.2"));
    expect(nodesOf(next)["4"]).toMatchObject({ state: "running", outputs: [PICTURE] });
    expect(nodesOf(next)["4"]).not.toHaveProperty("value");

    const over = after(...BEGUN, finished("4.1", PICTURE), finished("4"));
    expect(nodesOf(over)).toEqual({ "4": expect.objectContaining({ state: "done", outputs: [PICTURE], signature: "s4" }) });
    expect(over.byId["j"]).toMatchObject({ running: null, ran: 1 });
    expect(over.byId["j"]?.record.outputs).toEqual([{ ...PICTURE, node: "4.1", index: 0 }]);

    const cached: JobEvent[] = [{ type: "nodes_planned", run: [], cached: ["4"] }, { type: "node_finished", node: "4", cached: true, seconds: 0, outputs: [] }];
    const again = cached.reduce((known, event) => jobs.withEvent(known, "j", event, 9), over);
    expect(nodesOf(again)["4"]).toMatchObject({ state: "cached", outputs: [PICTURE] });
  });

  test("shows where the pack says, and is over there with it", () => {
    const known = after(...BEGUN.slice(0, 3), started("4.1", "5"), finished("4.1", PICTURE));
    expect(nodesOf(known)["5"]).toMatchObject({ state: "done", outputs: [PICTURE], seconds: 0.5, signature: "s5" });
    expect(nodesOf(known)["4"]).toMatchObject({ state: "running" });
  });

  test("goes wrong on the node that expanded", () => {
    const failed: JobEvent = { type: "node_failed", node: "4.1", problem: PROBLEM, error: "ValueError", traceback: ["x"], inputs: {} };
    const known = after(...BEGUN, failed);
    const problem = { ...PROBLEM, node: "4", port: null };
    expect(nodesOf(known)["4"]).toMatchObject({ state: "error" });
    expect(jobs.runsOf(known, "d")).toMatchObject({ problems: [problem], failures: { "4": { error: "ValueError" } } });
    const ended = jobs.withEvent(known, "j", { type: "finished", state: "failed", forgotten: false, summary: SUMMARY, problems: [PROBLEM] }, 0);
    expect(jobs.runsOf(ended, "d").problems).toEqual([problem]);
    expect(Object.keys(nodesOf(ended))).toEqual(["4"]);
  });

  test("is told by a record as the document has it", () => {
    const summary = { ...SUMMARY, per_node: { "4": 0.1, "4.1": 0.5 } };
    const told = { ...record(), state: "failed" as const, summary, problems: [PROBLEM], outputs: [{ ...PICTURE, node: "4.1", index: 0 }] };
    expect(recordOfOwners(told, SIGNATURES)).toMatchObject({ outputs: [{ node: "4" }], problems: [{ node: "4", port: null }], summary: { per_node: { "4": 0.1 } } });
    const known = jobs.withRecords(after(...BEGUN.slice(0, 1)), [told]);
    expect(Object.keys(nodesOf(known))).toEqual(["4"]);
    expect(nodesOf(known)["4"]).toMatchObject({ state: "error", outputs: [PICTURE] });
  });
});
