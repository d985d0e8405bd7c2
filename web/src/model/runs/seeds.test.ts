import { expect, test } from "vitest";
import { emptyDocument } from "../document/document";
import { nextSeeds } from "./seeds";

const node = { type: "Chooser", at: [0, 0] as const, values: { seed: 5, mode: "b" }, controls: { seed: "increment", mode: "randomize" } as const };

test("numbers count up, choices with a control of their own stay", () => {
  const document = { ...emptyDocument("d", "D"), nodes: { "1": node } };
  expect(nextSeeds(document)).toEqual([{ subgraph: "", node: "1", port: "seed", value: 6 }]);
});
