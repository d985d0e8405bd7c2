import { expect, test } from "vitest";
import { outputsOf, partOf, previewOf, runningOf } from "./innerRuns";
import type { NodeRun, NodeRuns } from "./nodeRuns";
import type { Output } from "./wire.gen";

const NAMES = ["7/1", "7/2", "7/3"];

function picture(asset: string): Output {
  return { kind: "output", asset, name: asset, mime: "image/png", width: 1, height: 1, text: null };
}

function ran(part: Partial<NodeRun>): NodeRun {
  return { job: "j", state: "done", outputs: [], ...part };
}

test("one of several runs, and its part counts", () => {
  const runs: NodeRuns = { "7/1": ran({}), "7/2": ran({ state: "running", value: 1, total: 2 }), "7/3": ran({ job: "older" }) };
  expect(runningOf(runs, NAMES)).toBe("7/2");
  expect(partOf(runs, NAMES)).toBeCloseTo(0.5);
  expect(partOf({ "7/1": ran({}) }, NAMES)).toBe(0);
});

test("all that they show is shown once", () => {
  const text: Output = { ...picture("t"), kind: "text", asset: null, text: "words" };
  const runs: NodeRuns = { "7/1": ran({ outputs: [picture("a"), text] }), "7/3": ran({ outputs: [picture("a"), picture("b"), text] }) };
  expect(outputsOf(runs, NAMES).map(({ asset, text: words }) => asset ?? words)).toEqual(["a", "words", "b", "words"]);
});

test("the preview is that of what runs, else the latest there is", () => {
  const running: NodeRuns = { "7/1": ran({ state: "running" }) };
  expect(previewOf({ "7/1": "one", "7/2": "two" }, running, NAMES)).toBe("one");
  expect(previewOf({ "7/1": "one", "7/2": "two" }, {}, NAMES)).toBe("two");
  expect(previewOf({ "7/2": "two" }, running, NAMES)).toBe("two");
  expect(previewOf({ "8": "other" }, running, NAMES)).toBeUndefined();
  expect(previewOf(undefined, running, NAMES)).toBeUndefined();
});
