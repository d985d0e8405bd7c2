import { describe, expect, test } from "vitest";
import { testDocument } from "../../testing/document";
import { innerNodes } from "../subgraphs/border";
import { definitionAt, graphAt, runId, validScope, wireKey } from "./document";
import { NotAWorkflow, parseDocument, serialise } from "../format/format";

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
      frames: [{ id: "f", title: "F", at: [0, 0], size: [9, 9], sparkle: 4 }],
      subgraphs: {
        s: {
          name: "S",
          inputs: [{ id: "i", name: "in", type: "INT", to: [["1", "a"]], sparkle: 5 }],
          outputs: [{ id: "o", name: "out", type: "INT", from: ["1", "b"] }],
          nodes: { "1": { type: "X", at: [0, 0], values: {} } },
          wires: [],
          ports: { inputs: { at: [-264, 0] }, outputs: { at: [396, 0], color: "red" } },
          future: 6,
        },
      },
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

  test.each([[1e308, 0], [0, -1e308], [5e6, -5e6]])("has nothing further out than can be drawn: %d, %d", (x, y) => {
    const far = { at: [x, y], size: [x, y] };
    const document = parseDocument({
      format: "wirebrush/1",
      nodes: { a: { type: "X", ...far }, b: { type: "Y", at: [12.5, -3], size: [200, 100] } },
      wires: [{ from: ["a", "o"], to: ["b", "i"], knots: [far.at] }],
      frames: [{ id: "f", title: "F", ...far }],
      notes: [{ id: "n", text: "N", ...far }],
    });
    const { nodes, frames, notes, wires } = document;
    const items = [nodes["a"]!, frames["f"]!, notes["n"]!];
    const places = [...items.map(({ at }) => at), ...items.map(({ size }) => size!), ...wires[wireKey(["b", "i"])]!.knots!];
    for (const place of places) expect(Math.max(...place.map(Math.abs))).toBe(1e6);
    expect(nodes["b"]).toMatchObject({ at: [12.5, -3], size: [200, 100] });
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

test("frames and notes are kept by id; one without a place or an id gets one", () => {
  const document = parseDocument({
    format: "wirebrush/1",
    nodes: {},
    frames: [{ id: "f", title: "Prompt", at: [0, 0], size: [100, 50] }, { title: "nowhere" }, { id: "f", title: "twin" }, 3],
    notes: [{ id: "n", text: "Hello", at: [5, 5] }, null, "text"],
  });
  expect(Object.values(document.frames).map(({ title }) => title).toSorted()).toEqual(["Prompt", "nowhere", "twin"]);
  expect(document.notes["n"]).toEqual({ text: "Hello", at: [5, 5], size: [220, 110] });
  expect(parseDocument(JSON.parse(serialise(document)))).toEqual(document);
});

test("nothing in a file is taken for the border of a subgraph", () => {
  const nodes = { "/in": { type: "X" }, "/out": { type: "X" }, "1": { type: "Y" } };
  const wires = [{ from: ["/in", "o"], to: ["1", "i"] }];
  const document = parseDocument({ format: "wirebrush/1", nodes, wires, subgraphs: { s: { nodes, wires, inputs: [], outputs: [] } } });
  expect(Object.keys(document.nodes)).toEqual(["1"]);
  expect(document.subgraphs["s"]?.nodes["/in"]?.type).toBe("subgraph-in:s");
  expect(document.subgraphs["s"]?.wires).toEqual({});
});

describe("a scope", () => {
  const inner = { name: "I", inputs: [], outputs: [], nodes: { "7": { type: "X", at: [0, 0], values: {} } }, wires: [] };
  const outer = { ...inner, nodes: { "3": { type: "subgraph:inner", at: [0, 0], values: {} } } };
  const document = parseDocument({
    format: "wirebrush/1",
    nodes: { "12": { type: "subgraph:outer", at: [0, 0], values: {} } },
    wires: [],
    subgraphs: { inner, outer },
  });

  test("leads through instances to definitions", () => {
    expect(definitionAt(document, [])).toBe("");
    expect(definitionAt(document, ["12", "3"])).toBe("inner");
    expect(innerNodes(graphAt(document, ["12", "3"])).map(([id]) => id)).toEqual(["7"]);
    expect(runId(["12", "3"], "7")).toBe("12/3/7");
  });

  test("that is not there any more is cut back to what is", () => {
    expect(definitionAt(document, ["12", "9"])).toBeNull();
    expect(validScope(document, ["12", "9", "3"])).toEqual(["12"]);
    expect(validScope(document, ["1"])).toEqual([]);
  });
});
