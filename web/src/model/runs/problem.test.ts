import { expect, test } from "vitest";
import { logOf, wordsBeside, wordsOf } from "./problem";

test.each([
  ['VAEDecode (node 8): nothing is connected to "samples".', 'Nothing is connected to "samples".'],
  ["Load Checkpoint (node 12/3): the file is missing: a.safetensors", "The file is missing: a.safetensors"],
  ['There is no node type "X" (node 8).', 'There is no node type "X" (node 8).'],
  ["out of memory: 3 of 4 GB", "Out of memory: 3 of 4 GB"],
  ["", ""],
])("beside the node, %j is %j", (message, words) => expect(wordsBeside({ code: "x", message })).toBe(words));

test("the log of a worker that died is apart from what is said", () => {
  const died = { code: "worker_exited", message: "The worker ended.\nThe last lines of its log:\na\nb" };
  expect(wordsOf(died)).toBe("The worker ended.");
  expect(wordsBeside(died)).toBe("The worker ended.");
  expect(logOf(died)).toBe("The last lines of its log:\na\nb");
  const failed = { code: "node_failed", message: "Shapes differ:\n2 and 3" };
  expect(wordsOf(failed)).toBe("Shapes differ:\n2 and 3");
  expect(logOf(failed)).toBe("");
});
