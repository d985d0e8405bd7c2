import { describe, expect, test } from "vitest";
import { testDocument } from "../testing/document";
import { sceneryOf } from "./scenery";
import { NotAWorkflow, parseDocument, serialise, wireKey } from "./document";

describe("a workflow file", () => {
  test("is the same after reading and writing", () => {
    const document = testDocument();
    expect(parseDocument(JSON.parse(serialise(document)))).toEqual(document);
  });

  test("keeps fields that this page does not know, on the document, its nodes and wires", () => {
    const data = {
      format: "wirebrush/1",
      id: "d",
      name: "n",
      nodes: { a: { type: "X", at: [1, 2], values: {}, sparkle: 3 }, b: { type: "Y", at: [0, 0], values: {} } },
      wires: [{ from: ["a", "out"], to: ["b", "in"], knots: [[1, 1]] }],
      frames: [{ id: "f" }],
      future: { a: 1 },
    };
    expect(JSON.parse(serialise(parseDocument(data)))).toEqual(data);
  });

  test("has one line per wire", () => {
    const lines = serialise(testDocument()).split("\n").filter((line) => line.includes('"from"'));
    expect(lines).toHaveLength(6);
    expect(lines[0]).toBe('    {"from":["1","MODEL"],"to":["3","model"]},');
  });

  test("survives texts that look like its own marks", () => {
    const document = parseDocument({
      format: "wirebrush/1",
      id: "d",
      name: '"wires": "@" $& $1',
      nodes: { "1": { type: "T", at: [0, 0], values: { text: '"wires": "@"' } } },
      wires: [],
    });
    expect(parseDocument(JSON.parse(serialise(document)))).toEqual(document);
  });

  test("loses wires that lead nowhere, and an input's second wire", () => {
    const document = parseDocument({
      format: "wirebrush/1",
      nodes: { a: { type: "X" }, b: { type: "Y" } },
      wires: [
        { from: ["a", "o"], to: ["gone", "i"] },
        { from: ["a", "first"], to: ["b", "i"] },
        { from: ["a", "second"], to: ["b", "i"] },
        "nonsense",
      ],
    });
    expect(Object.keys(document.wires)).toEqual([wireKey(["b", "i"])]);
  });

  test.each([null, [], "text", {}, { format: "comfy" }, { format: "wirebrush/1" }, { format: "wirebrush/1", nodes: { a: 1 } }])(
    "is refused in words: %j",
    (data) => expect(() => parseDocument(data)).toThrow(NotAWorkflow),
  );
});

test("frames and notes are read; malformed ones are passed over", () => {
  const scenery = sceneryOf({
    frames: [{ id: "f", title: "Prompt", at: [0, 0], size: [100, 50] }, { title: "nowhere" }],
    notes: [{ id: "n", text: "Hello", at: [5, 5] }, null, "text"],
  });
  expect(scenery.map(({ kind, text }) => [kind, text])).toEqual([["frame", "Prompt"], ["note", "Hello"]]);
  expect(sceneryOf({ frames: 3 })).toEqual([]);
});
