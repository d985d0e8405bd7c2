import { describe, expect, test } from "vitest";
import type { NodeRun } from "../../runtime/nodeRuns";
import { endedState } from "./nodeStateWords";

const DONE: NodeRun = { job: "j", state: "done", seconds: 1.2, outputs: [] };
const CACHED: NodeRun = { job: "j", state: "cached", outputs: [] };
const RESTORED: NodeRun = { ...CACHED, took: 3 };

describe("what a node says of a run that ended well", () => {
  const words = (runs: readonly NodeRun[], state: "cached" | "run" | null, anew = false): string =>
    endedState(runs, state && { state, seconds: null, anew }, "").words;

  test("is what it took, or that it came from the cache", () => {
    expect([words([DONE], null), words([CACHED], null), words([RESTORED], "cached")]).toEqual(["1.2 s", "cached", "cached"]);
    expect(words([DONE, CACHED, RESTORED], "cached")).toBe("1.2 s");
  });

  test("is that it is stale, when its result is not kept any more", () => {
    expect([DONE, CACHED, RESTORED].map((run) => words([run], "run"))).toEqual(["stale", "stale", "stale"]);
  });

  test("is what it took, where every run computes it: nothing of it is in a cache", () => {
    expect([DONE, CACHED, RESTORED].map((run) => words([run], "run", true))).toEqual(["1.2 s", "stale", "3.0 s"]);
    expect(words([DONE, CACHED, RESTORED], "run", true)).toBe("4.2 s");
  });
});
