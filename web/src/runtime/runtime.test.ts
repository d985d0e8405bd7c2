import { describe, expect, test } from "vitest";
import { CONNECTING, SILENCE_MS, step, type Connection, type Effect, type Input } from "./connection";
import * as jobs from "./jobs";
import { sections } from "./queue";
import { jobRecord as record } from "../testing/job";
import { readPreview } from "./socket";
import { stillTrue } from "../state/earlierJobs";
import type { Event as JobEvent, NodeFailed, ServerMessage } from "./wire.gen";

/** Feed inputs one after the other; the last state and all effects. */
function drive(inputs: readonly Input[], from: Connection = CONNECTING): [Connection, Effect[]] {
  const all: Effect[] = [];
  let connection = from;
  for (const input of inputs) {
    const [next, effects] = step(connection, input);
    connection = next;
    all.push(...effects);
  }
  return [connection, all];
}

const message = (data: ServerMessage): Input => ({ type: "message", message: data, now: 0 });
const hello = (server: string, seq: number): Input => message({ type: "hello", server, seq, version: "1" });
const event = (seq: number): Input => message({ type: "event", seq, job: "j", event: { type: "queued", position: 0 } });

describe("the connection", () => {
  test("subscribes after the greeting and fetches what there is", () => {
    const [connection, effects] = drive([hello("a", 5)]);
    expect(connection).toMatchObject({ phase: "live", server: "a", seq: 5 });
    expect(effects).toEqual([
      { type: "send", message: { type: "subscribe", since: 5, server: "a" } },
      { type: "refetch" },
    ]);
  });

  test("asks for the missed events after a break, and fetches nothing", () => {
    const [live] = drive([hello("a", 5), event(6)]);
    const [, effects] = drive([{ type: "closed" }, { type: "retry" }, hello("a", 9)], live);
    expect(effects).toContainEqual({ type: "send", message: { type: "subscribe", since: 6, server: "a" } });
    expect(effects).not.toContainEqual({ type: "refetch" });
  });

  test("names the old server to a new one, and fetches when told that replay is impossible", () => {
    const [live] = drive([hello("a", 50)]);
    const [connection, effects] = drive(
      [{ type: "closed" }, { type: "retry" }, hello("b", 3), message({ type: "resync", seq: 3 }), event(4)],
      live,
    );
    expect(effects).toContainEqual({ type: "send", message: { type: "subscribe", since: 50, server: "a" } });
    expect(effects).toContainEqual({ type: "refetch" });
    expect(connection).toMatchObject({ server: "b", seq: 4 });
  });

  test("delivers each event once", () => {
    const [, effects] = drive([hello("a", 0), event(1), event(2), event(2), event(1), event(3)]);
    expect(effects.filter((effect) => effect.type === "deliver")).toHaveLength(3);
  });

  test("waits longer after each failure, but not for ever", () => {
    const failures = Array.from({ length: 12 }, (): Input[] => [{ type: "closed" }, { type: "retry" }]).flat();
    const [, effects] = drive(failures);
    const waits = effects.flatMap((effect) => (effect.type === "wait" ? [effect.ms] : []));
    expect(waits[0]).toBeLessThanOrEqual(500);
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect(waits.at(-1)).toBe(10_000);
  });

  test("gives up on a silent server", () => {
    const [live] = drive([hello("a", 0)]);
    expect(step(live, { type: "tick", now: 1000 })[1]).toEqual([{ type: "send", message: { type: "ping" } }]);
    expect(step(live, { type: "tick", now: SILENCE_MS + 1 })[1]).toEqual([{ type: "close" }]);
  });
});

const OURS = { document: "d", signatures: { "1": "s1", "2": "s2", "3": "s3" } };
const PICTURE = { kind: "output" as const, asset: "f00", name: "a.png", mime: "image/png", width: 8, height: 8, text: null };
const SUMMARY = { executed: 2, cached: 1, skipped: 0, seconds: 1.5, per_node: {} };

function after(...events: JobEvent[]): jobs.Jobs {
  const start = jobs.withOurs(jobs.NO_JOBS, record(), OURS);
  return events.reduce((known, item, index) => jobs.withEvent(known, "j", item, 1000 * index), start);
}

function nodesOf(known: jobs.Jobs): jobs.DocumentRuns["nodes"] {
  return jobs.runsOf(known, "d").nodes;
}

const RUNNING: JobEvent[] = [
  { type: "started", worker: "cpu-0", attempt: 1, nodes: 3 },
  { type: "nodes_planned", run: ["2", "3"], cached: ["1"] },
  { type: "node_started", node: "2", reason: "seed changed", effects: false, shown: "" },
  { type: "node_progress", node: "2", value: 14, total: 20 },
];

describe("a job", () => {
  test("tells what runs, how far it is, and what came from the cache", () => {
    const known = after(...RUNNING);
    expect(known.byId["j"]).toMatchObject({ planned: ["2", "3"], cached: 1, running: "2", progress: [14, 20] });
    expect(known.byId["j"]?.record).toMatchObject({ state: "running", worker: "cpu-0" });
    expect(nodesOf(known)["1"]).toMatchObject({ state: "cached", signature: "s1" });
    expect(nodesOf(known)["2"]).toMatchObject({ state: "running", value: 14, total: 20, reason: "seed changed" });
  });

  test("says on the node what it does, as long as it runs", () => {
    const said: JobEvent = { type: "node_said", node: "2", text: "Reading." };
    const known = after(...RUNNING, said);
    expect(nodesOf(known)["2"]).toMatchObject({ state: "running", said: "Reading.", value: 14 });
    expect(jobs.withEvent(known, "j", said, 9)).toBe(known);
    const problem = { code: "node_error", message: "No.", hint: "", node: "2", port: null, severity: "error" } as const;
    const over: JobEvent[] = [
      { type: "node_finished", node: "2", cached: false, seconds: 1, outputs: [] },
      { type: "node_failed", node: "2", problem, error: "", traceback: [], inputs: {} },
      { type: "finished", state: "cancelled", forgotten: false, summary: SUMMARY, problems: [] },
    ];
    for (const end of over) {
      const ended = jobs.withEvent(known, "j", end, 9);
      expect(nodesOf(ended)["2"]).not.toHaveProperty("said");
      expect(jobs.withEvent(ended, "j", said, 9)).toBe(ended);
    }
  });

  test("that was taken back before it began is gone; one that this page submitted shows its end", () => {
    const gone: JobEvent = { type: "finished", state: "cancelled", forgotten: true, summary: SUMMARY, problems: [] };
    const known = jobs.withRecords(jobs.NO_JOBS, [record({ id: "a" }), record({ id: "b" })]);
    expect(jobs.withEvent(known, "a", gone, 9).order).toEqual(["b"]);
    expect(after({ type: "queued", position: 0 }, gone).byId["j"]?.record.state).toBe("cancelled");
  });

  test("leaves its pictures on the node and in the record", () => {
    const known = after(
      ...RUNNING,
      { type: "node_finished", node: "3", cached: false, seconds: 0.2, outputs: [PICTURE] },
      { type: "finished", state: "succeeded", forgotten: false, summary: SUMMARY, problems: [] },
    );
    expect(nodesOf(known)["3"]).toMatchObject({ state: "done", seconds: 0.2, outputs: [PICTURE], signature: "s3" });
    expect(known.byId["j"]?.record.outputs).toEqual([{ ...PICTURE, node: "3", index: 0 }]);
    expect(known.byId["j"]?.record).toMatchObject({ state: "succeeded", summary: SUMMARY });
  });

  test("that fails marks the node at fault and stops the others", () => {
    const problem = { code: "failed", message: "Out of memory.", hint: "", node: "2", port: null, severity: "error" as const };
    const known = after(...RUNNING, { type: "finished", state: "failed", forgotten: false, summary: SUMMARY, problems: [problem] });
    expect(nodesOf(known)["2"]?.state).toBe("error");
    expect(jobs.runsOf(known, "d").problems).toEqual([problem]);
    const cancelled = after(...RUNNING, { type: "finished", state: "cancelled", forgotten: false, summary: SUMMARY, problems: [] });
    expect(nodesOf(cancelled)["2"]?.state).toBe("stopped");
  });

  test("in which a node fails says so while the rest runs, until it is tried again", () => {
    const problem = { code: "failed", message: "No.", hint: "", node: "2", port: null, severity: "error" as const };
    const failed: JobEvent = { type: "node_failed", node: "2", problem, error: "ValueError", traceback: ["ValueError: No."], inputs: { a: "1" } };
    const known = after(...RUNNING, failed, { type: "node_started", node: "3", reason: "", effects: false, shown: "" });
    expect(nodesOf(known)["2"]).toMatchObject({ state: "error" });
    expect(nodesOf(known)["2"]?.value).toBeUndefined();
    expect(nodesOf(known)["3"]?.state).toBe("running");
    expect(known.byId["j"]?.running).toBe("3");
    expect(jobs.runsOf(known, "d")).toMatchObject({ problems: [problem], failures: { "2": { error: "ValueError" } } });

    const ended = jobs.withEvent(known, "j", { type: "finished", state: "failed", forgotten: false, summary: SUMMARY, problems: [problem] }, 0);
    expect(jobs.runsOf(ended, "d")).toMatchObject({ problems: [problem], failures: { "2": { error: "ValueError" } } });
    const again = jobs.withEvent(known, "j", { type: "started", worker: "cpu-1", attempt: 2, nodes: 3 }, 0);
    expect(jobs.runsOf(again, "d")).toMatchObject({ problems: [], failures: {} });
  });

  test("of somebody else moves the queue, not our nodes", () => {
    const known = RUNNING.reduce(
      (state, item) => jobs.withEvent(state, "j", item, 0),
      jobs.withRecords(jobs.NO_JOBS, [record()]),
    );
    expect(known.documents).toEqual({});
    expect(known.byId["j"]?.running).toBe("2");
  });

  test("that has ended does not come back to life by an old answer", () => {
    const known = after({ type: "finished", state: "succeeded", forgotten: false, summary: SUMMARY, problems: [] });
    expect(jobs.withRecords(known, [record({ state: "running" })]).byId["j"]?.record.state).toBe("succeeded");
  });

  test("that starts again after a crash begins anew", () => {
    const known = after(...RUNNING, { type: "queued", position: 0 }, { type: "started", worker: "cpu-1", attempt: 2, nodes: 3 });
    expect(known.byId["j"]).toMatchObject({ running: null, progress: null, ran: 0 });
  });

  test("has its place in the queue: running, waiting in turn, ended", () => {
    const all = [
      record({ id: "old", state: "succeeded", created: 1 }),
      record({ id: "runs", state: "running", created: 2 }),
      record({ id: "first", created: 3, position: 5 }),
      record({ id: "second", created: 4, position: 6 }),
      record({ id: "urgent", created: 5, position: 7, priority: 1 }),
      record({ id: "new", state: "failed", created: 6 }),
    ];
    const found = sections(jobs.withRecords(jobs.NO_JOBS, all));
    expect(found).toEqual({ running: ["runs"], waiting: ["urgent", "first", "second"], ended: ["new", "old"] });
  });

  test("of an earlier visit shows its pictures, but not over later ones", () => {
    const outputs = [{ ...PICTURE, node: "3", index: 0 }];
    const old = record({ id: "old", state: "succeeded", created: 1, outputs });
    const newer = record({ id: "new", state: "succeeded", created: 2, outputs: [{ ...PICTURE, asset: "new", node: "3", index: 0 }] });
    const both = jobs.withRecords(jobs.NO_JOBS, [old, newer]);
    const shown = jobs.withRestored(jobs.withRestored(both, newer, OURS), old, OURS);
    expect(nodesOf(shown)["3"]?.outputs[0]?.asset).toBe("new");
    expect(shown.order).toEqual(["new", "old"]);
  });

  test("of an earlier visit tells what its nodes took then", () => {
    const old = record({ state: "succeeded", summary: { ...SUMMARY, per_node: { "2": 1.2 } }, outputs: [{ ...PICTURE, node: "2", index: 0 }] });
    const shown = nodesOf(jobs.withRestored(jobs.withRecords(jobs.NO_JOBS, [old]), old, OURS));
    expect([shown["1"], shown["2"]]).toMatchObject([{ state: "cached", took: undefined }, { state: "cached", took: 1.2 }]);
  });
});

describe("a job of an earlier visit that failed", () => {
  const problem = { code: "node_failed", message: "Empty.", hint: "", node: "2", port: null, severity: "error" as const };
  const failed: NodeFailed = { type: "node_failed", node: "2", problem, error: "ValueError", traceback: ["line 5"], inputs: {} };
  const old = record({ id: "old", state: "failed", created: 1, problems: [problem] });
  const restored = jobs.withRestored(jobs.withRecords(jobs.NO_JOBS, [old]), old, OURS, [failed]);

  test("says so again on its node, with what helps who wrote it", () => {
    expect(nodesOf(restored)["2"]?.state).toBe("error");
    expect(jobs.runsOf(restored, "d")).toMatchObject({ problems: [problem], failures: { "2": { error: "ValueError" } } });
  });

  test("says nothing when a later one went well", () => {
    const newer = record({ id: "new", state: "succeeded", created: 2 });
    const known = jobs.withRecords(restored, [newer]);
    const shown = jobs.withRestored(known, newer, OURS);
    expect(jobs.runsOf(shown, "d")).toMatchObject({ problems: [], failures: {} });
    expect(jobs.runsOf(jobs.withRestored(shown, old, OURS, [failed]), "d").problems).toEqual([]);
  });

  test("says nothing of nodes that were changed since", () => {
    const other = { ...problem, node: null };
    const told = stillTrue({ ...old, problems: [problem, other] }, { "2": "then" }, { "2": "now" });
    expect(told.problems).toEqual([other]);
    expect(stillTrue(old, { "2": "same" }, { "2": "same" })).toBe(old);
  });
});

describe("what happened while nobody listened", () => {
  test("to a job that ended: its nodes show how", () => {
    const outputs = [{ ...PICTURE, node: "3", index: 0 }];
    const summary = { ...SUMMARY, per_node: { "2": 1.2, "3": 0.1 } };
    const known = jobs.withRecords(after(...RUNNING), [record({ state: "succeeded", attempt: 1, summary, outputs })]);
    expect(known.byId["j"]).toMatchObject({ running: null, progress: null });
    expect(nodesOf(known)["2"]).toMatchObject({ state: "done", seconds: 1.2, signature: "s2" });
    expect(nodesOf(known)["3"]).toMatchObject({ state: "done", outputs: [PICTURE], signature: "s3" });
  });

  test("to a job that failed: the node at fault says so", () => {
    const problem = { code: "failed", message: "No.", hint: "", node: "2", port: null, severity: "error" as const };
    const known = jobs.withRecords(after(...RUNNING), [record({ state: "failed", attempt: 1, problems: [problem] })]);
    expect(nodesOf(known)["2"]?.state).toBe("error");
    expect(jobs.runsOf(known, "d").problems).toEqual([problem]);
  });

  test("to a job that was put back: nothing of it runs", () => {
    const known = jobs.withRecords(after(...RUNNING), [record({ state: "queued", attempt: 1 })]);
    expect(known.byId["j"]).toMatchObject({ planned: null, progress: null, running: null });
    expect(nodesOf(known)["2"]?.state).toBe("stopped");
    expect(nodesOf(known)["1"]?.state).toBe("cached");
  });

  test("is not undone by an answer that was on its way", () => {
    const running = after(...RUNNING);
    for (const old of [record({ state: "queued", attempt: 0 }), record({ state: "leased", attempt: 1 })])
      expect(jobs.withRecords(running, [old]).byId["j"]).toBe(running.byId["j"]);
  });
});

test("events that tell nothing new change nothing", () => {
  const known = after(...RUNNING);
  const same: JobEvent = { type: "node_progress", node: "2", value: 14, total: 20 };
  expect(jobs.withEvent(known, "j", same, 9000)).toBe(known);
});

test("deleted pictures are shown neither by nodes nor by jobs", () => {
  const known = after(...RUNNING, { type: "node_finished", node: "3", cached: false, seconds: 1, outputs: [PICTURE, { ...PICTURE, asset: "f01" }] });
  const left = jobs.withoutPictures(known, new Set(["f00"]));
  expect(nodesOf(left)["3"]?.outputs.map(({ asset }) => asset)).toEqual(["f01"]);
  expect(left.byId["j"]?.record.outputs.map(({ asset }) => asset)).toEqual(["f01"]);
  expect(nodesOf(left)["1"]).toBe(nodesOf(known)["1"]);
});

test("jobs that have not ended are kept however many have", () => {
  const ended = Array.from({ length: jobs.SHOWN_JOBS + 50 }, (_, index) => record({ id: `e${index}`, state: "succeeded", created: 10 + index }));
  const known = jobs.withRecords(jobs.NO_JOBS, [record({ id: "old", created: 1 }), ...ended]);
  expect(known.order).toHaveLength(jobs.SHOWN_JOBS + 1);
  expect(known.byId["old"]).toBeDefined();
});

test("documents do not see each other's runs, and a closed one is forgotten", () => {
  const other = { ...OURS, document: "e" };
  const both = jobs.withOurs(after(...RUNNING), record({ id: "k", created: 2 }), other);
  const known = jobs.withEvent(both, "k", { type: "node_started", node: "1", reason: "", effects: false, shown: "" }, 0);
  expect(nodesOf(known)["1"]?.state).toBe("cached");
  expect(jobs.runsOf(known, "e").nodes["1"]?.state).toBe("running");
  const closed = jobs.forgetDocument(known, "d");
  expect(nodesOf(closed)).toEqual({});
  expect(Object.keys(closed.ours)).toEqual(["k"]);
});

test("a preview is read from a binary frame", async () => {
  const header = new TextEncoder().encode('{"job":"j","node":"3","mime":"image/png"}');
  const frame = new Uint8Array(4 + header.length + 3);
  new DataView(frame.buffer).setUint32(0, header.length);
  frame.set(header, 4);
  frame.set([1, 2, 3], 4 + header.length);
  const preview = readPreview(frame.buffer);
  expect(preview).toMatchObject({ job: "j", node: "3" });
  expect(preview.picture.type).toBe("image/png");
  expect([...new Uint8Array(await preview.picture.arrayBuffer())]).toEqual([1, 2, 3]);
});
