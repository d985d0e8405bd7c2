import { expect, test } from "vitest";
import { NO_JOBS, withEvent, withRecords } from "../runtime/jobs";
import type { Output } from "../runtime/wire.gen";
import { jobRecord } from "../testing/job";
import { newPictures } from "./gallery";

const output = (asset: string, more: Partial<Output> = {}): Output => ({
  kind: "output", asset, name: `${asset}.png`, mime: "image/png", width: 8, height: 8, text: null, ...more,
});

test("pictures that a job just made are new, each once", () => {
  const before = withRecords(NO_JOBS, [jobRecord({ state: "running" })]);
  const finish = (node: string, outputs: Output[]) => ({ type: "node_finished" as const, node, cached: false, seconds: 1, outputs });
  const first = withEvent(before, "j", finish("9", [output("a"), output("b")]), 0);
  expect(newPictures(before.byId, first.byId).map(({ asset }) => asset)).toEqual(["a", "b"]);
  const second = withEvent(first, "j", finish("10", [output("c")]), 0);
  expect(newPictures(first.byId, second.byId).map(({ asset }) => asset)).toEqual(["c"]);
  expect(newPictures(second.byId, second.byId)).toEqual([]);
});

test("previews, texts and what was made before this page came are not new", () => {
  const before = withRecords(NO_JOBS, [jobRecord({ state: "running" })]);
  const outputs = [output("p", { kind: "preview" }), output("t", { kind: "text", asset: null, text: "words", mime: "text/plain" })];
  const after = withEvent(before, "j", { type: "node_finished", node: "9", cached: false, seconds: 1, outputs }, 0);
  expect(newPictures(before.byId, after.byId)).toEqual([]);
  const ended = withRecords(NO_JOBS, [jobRecord({ state: "succeeded" })]);
  const back = withRecords(ended, [jobRecord({ state: "succeeded", outputs: [{ ...output("back"), node: "9", index: 0 }] })]);
  expect(newPictures(ended.byId, back.byId)).toEqual([]);
  const fetched = withRecords(NO_JOBS, [jobRecord({ state: "succeeded", outputs: [{ ...output("old"), node: "9", index: 0 }] })]);
  expect(newPictures(NO_JOBS.byId, fetched.byId)).toEqual([]);
});
