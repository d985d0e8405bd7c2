import { describe, expect, test } from "vitest";
import { testDocument } from "../../testing/document";
import * as commands from "../commands";
import { amend, open, run, undo } from "./history";

describe("steps", () => {
  const seed = (value: number) => [{ node: "3", port: "seed", value }];

  test("of one gesture are one", () => {
    let editing = open(testDocument());
    for (const value of [8, 9, 10]) editing = run(editing, commands.setValue, seed(value), "scrub");
    editing = run(editing, commands.setValue, seed(11), "scrub again");
    expect(editing.past).toHaveLength(2);
    expect(undo(editing).document.nodes["3"]?.values["seed"]).toBe(10);
    expect(undo(undo(editing)).document).toEqual(testDocument());
  });

  test("that end where they began are none", () => {
    let editing = run(open(testDocument()), commands.setValue, seed(8), "scrub");
    editing = run(editing, commands.setValue, seed(7), "scrub");
    expect(editing.past).toHaveLength(0);
  });

  test("that change nothing are none, and keep what can be done again", () => {
    const editing = undo(run(open(testDocument()), commands.setValue, seed(8)));
    expect(run(editing, commands.setValue, seed(7))).toBe(editing);
  });

  test("survive a value set beside them: undo leaves a drawn seed alone", () => {
    let editing = run(open(testDocument()), commands.setValue, [{ node: "3", port: "steps", value: 30 }]);
    editing = amend(editing, commands.setValue, seed(1234));
    expect(undo(editing).document.nodes["3"]?.values).toMatchObject({ steps: 20, seed: 1234 });
  });

  test("share what they do not touch", () => {
    const before = open(testDocument());
    const after = run(before, commands.setValue, seed(8));
    expect(after.document.nodes["2"]).toBe(before.document.nodes["2"]);
    expect(after.document.wires).toBe(before.document.wires);
  });
});
