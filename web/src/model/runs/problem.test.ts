import { expect, test } from "vitest";
import { wordsBeside } from "./problem";

test.each([
  ['VAEDecode (node 8): nothing is connected to "samples".', 'Nothing is connected to "samples".'],
  ["Load Checkpoint (node 12/3): the file is missing: a.safetensors", "The file is missing: a.safetensors"],
  ['There is no node type "X" (node 8).', 'There is no node type "X" (node 8).'],
  ["out of memory: 3 of 4 GB", "Out of memory: 3 of 4 GB"],
  ["", ""],
])("beside the node, %j is %j", (message, words) => expect(wordsBeside({ message })).toBe(words));
