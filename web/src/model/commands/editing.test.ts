import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { testCatalog } from "../../testing/catalog";
import { testDocument } from "../../testing/document";
import { aligned, distributed, type Boxes, type Edge } from "../layout/arrange";
import { frameKey, itemOf, noteKey, nodeBoxes, sceneryBoxes, type ItemKey } from "../layout/boxes";
import * as commands from "./index";
import { emptyDocument, wireKey, type Document, type Point } from "../document/document";
import { documentToJson, parseDocument } from "../format/format";
import { carriedBy, frameAround } from "../layout/frames";
import { open, redo, run, undo, type Editing } from "../document/history";
import { freshIds } from "../document/ids";

const catalog = testCatalog();
const point = fc.tuple(fc.integer({ min: -2000, max: 2000 }), fc.integer({ min: -2000, max: 2000 }));

type Action = (editing: Editing) => Editing;

function picked<T>(list: readonly T[], pick: number): T | undefined {
  return list[pick % Math.max(1, list.length)];
}

function keysOf(document: Document): ItemKey[] {
  return [...Object.keys(document.nodes), ...Object.keys(document.frames).map(frameKey), ...Object.keys(document.notes).map(noteKey)];
}

function boxesOf(document: Document): Boxes {
  return new Map([...nodeBoxes(document, catalog), ...sceneryBoxes(document)]);
}

/** Whatever a person might do to the arrangement of what is there. */
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.tuple(fc.constantFrom("KSampler", "CLIPTextEncode", "Unknown"), point).map(([type, at]): Action => (editing) => {
    const [id = ""] = freshIds(editing.document, 1);
    return run(editing, commands.addNode, { id, node: { type, at, values: {} } });
  }),
  fc.tuple(fc.nat(), fc.nat(), point, fc.option(fc.constant("burst"), { nil: undefined })).map(
    ([first, second, [x, y], gesture]): Action =>
      ({ document, ...editing }) => {
        const keys = [picked(keysOf(document), first), picked(keysOf(document), second)].filter((key) => key !== undefined);
        const places = Object.fromEntries(keys.map((key) => [key, [x, y] as Point]));
        return run({ document, ...editing }, commands.moveItems, places, gesture);
      },
  ),
  fc.constantFrom<Edge>("left", "right", "top", "bottom", "centre", "middle").map(
    (edge): Action =>
      (editing) => run(editing, commands.moveItems, aligned(boxesOf(editing.document), edge)),
  ),
  fc.constantFrom("across" as const, "down" as const).map(
    (direction): Action =>
      (editing) => run(editing, commands.moveItems, distributed(boxesOf(editing.document), direction)),
  ),
  fc.tuple(fc.nat(), fc.string()).map(([count, title]): Action => (editing) => {
    const id = `f${count}`;
    const place = frameAround(nodeBoxes(editing.document, catalog).values());
    return place && !editing.document.frames[id] ? run(editing, commands.addFrame, { id, frame: { title, ...place } }) : editing;
  }),
  fc.tuple(fc.nat(), fc.string(), point).map(
    ([count, text, at]): Action =>
      (editing) => (editing.document.notes[`n${count}`] ? editing : run(editing, commands.addNote, { id: `n${count}`, note: { text, at, size: [220, 110] } })),
  ),
  fc.tuple(fc.nat(), fc.option(fc.constantFrom("red", "blue"), { nil: undefined })).map(
    ([pick, color]): Action =>
      (editing) => run(editing, commands.setColor, { items: keysOf(editing.document).slice(0, pick), color }),
  ),
  fc.tuple(fc.nat(), point, point).map(([pick, at, size]): Action => (editing) => {
    const key = picked(keysOf(editing.document), pick);
    return key === undefined ? editing : run(editing, commands.resizeItem, { key, at, size });
  }),
  fc.tuple(fc.nat(), fc.array(point, { maxLength: 3 })).map(([pick, knots]): Action => (editing) => {
    const wire = picked(Object.keys(editing.document.wires), pick);
    return wire === undefined ? editing : run(editing, commands.setKnots, { wire, knots });
  }),
  fc.tuple(fc.nat(), fc.nat()).map(([pick, node]): Action => (editing) => {
    const wire = picked(Object.keys(editing.document.wires), pick);
    const id = picked(Object.keys(editing.document.nodes), node);
    if (wire === undefined || id === undefined) return editing;
    return run(editing, commands.insertIntoWire, { wire, id, at: [0, 0], passage: { input: "in", output: "out" } });
  }),
  fc.tuple(fc.nat(), fc.nat()).map(([a, b]): Action => (editing) => {
    const wires = Object.values(editing.document.wires);
    const [first, second] = [picked(wires, a)?.to, picked(wires, b)?.to];
    return first && second ? run(editing, commands.swapInputs, { first, second }) : editing;
  }),
  fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.nat()).map(
    ([node, wire, frame, note]): Action =>
      (editing) => {
        const { document } = editing;
        const one = (all: Readonly<Record<string, unknown>>, pick: number): string[] => Object.keys(all).slice(pick % 3, (pick % 3) + 1);
        const removed = { nodes: one(document.nodes, node), wires: one(document.wires, wire), frames: one(document.frames, frame), notes: one(document.notes, note) };
        return run(editing, commands.removeItems, removed);
      },
  ),
  point.map(
    ([x, y]): Action =>
      (editing) => {
        const places = Object.fromEntries(Object.keys(editing.document.nodes).map((id, index) => [id, [x + index * 300, y] as Point]));
        return run(editing, commands.tidy, { places, frames: {} });
      },
  ),
);

function undoAll(editing: Editing): Editing {
  let state = editing;
  while (state.past.length) state = undo(state);
  return state;
}

function redoAll(editing: Editing): Editing {
  let state = editing;
  while (state.future.length) state = redo(state);
  return state;
}

describe("however things are arranged", () => {
  const actions = fc.array(action, { maxLength: 30 });
  const start = fc.constantFrom(testDocument(), emptyDocument("e", "Empty"));

  test("undone, it is as before; done again, as after", () => {
    fc.assert(
      fc.property(start, actions, (document, all) => {
        const reached = all.reduce((editing, act) => act(editing), open(document));
        const back = undoAll(reached);
        expect(back.document).toEqual(document);
        expect(redoAll(back).document).toEqual(reached.document);
      }),
    );
  });

  test("no wire dangles, and none is kept under another's name", () => {
    fc.assert(
      fc.property(start, actions, (document, all) => {
        const { document: reached } = all.reduce((editing, act) => act(editing), open(document));
        for (const [key, wire] of Object.entries(reached.wires)) {
          expect(key).toBe(wireKey(wire.to));
          expect(reached.nodes[wire.from[0]]).toBeDefined();
          expect(reached.nodes[wire.to[0]]).toBeDefined();
        }
      }),
    );
  });
});

describe("a command", () => {
  const editing = open(testDocument());
  const key = wireKey(["3", "positive"]);
  const knotted = run(editing, commands.setKnots, { wire: key, knots: [[450, 80]] });

  test("moves knots with the nodes that both their ends are on", () => {
    const together = run(knotted, commands.moveItems, { "2": [310, 20], "3": [610, 20] });
    expect(together.document.wires[key]?.knots).toEqual([[460, 100]]);
    const alone = run(knotted, commands.moveItems, { "2": [310, 20] });
    expect(alone.document.wires[key]?.knots).toEqual([[450, 80]]);
  });

  test("that lays out anew straightens the wires", () => {
    const laid = run(knotted, commands.tidy, { places: { "2": [0, 0], "3": [300, 0] }, frames: {} });
    expect(laid.document.wires[key]?.knots).toBeUndefined();
    expect(laid.past).toHaveLength(2);
  });

  test("puts a node into a wire in one step", () => {
    const node = { type: "Reroute", at: [700, 50] as const, values: {} };
    const put = run(knotted, commands.insertIntoWire, { wire: key, id: "9", node, passage: { input: "value", output: "value" } });
    expect(put.document.wires[wireKey(["9", "value"])]?.from).toEqual(["2", "CONDITIONING"]);
    expect(put.document.wires[key]).toEqual({ from: ["9", "value"], to: ["3", "positive"] });
    expect(put.past).toHaveLength(2);
  });

  test("swaps what two inputs are wired to, also with one that has nothing", () => {
    const swapped = run(editing, commands.swapInputs, { first: ["3", "positive"], second: ["3", "negative"] });
    expect(swapped.document.wires[key]).toBeUndefined();
    expect(swapped.document.wires[wireKey(["3", "negative"])]?.from).toEqual(["2", "CONDITIONING"]);
  });

  test("takes a frame away and leaves what stood on it", () => {
    const framed = run(editing, commands.addFrame, { id: "f", frame: { title: "A", at: [0, 0], size: [900, 900] } });
    const gone = run(framed, commands.removeItems, { frames: ["f"] });
    expect(gone.document).toEqual(editing.document);
  });
});

describe("a file", () => {
  const wire = { from: ["1", "MODEL"], to: ["3", "model"] };
  const read = (knots: unknown) =>
    parseDocument({ format: "wirebrush/1", nodes: { "1": { type: "A" }, "3": { type: "B" } }, wires: [{ ...wire, knots }] }).wires[wireKey(["3", "model"])];

  test("keeps the knots of wires", () => {
    expect(read([[1, 2.5], [3, 4]])?.knots).toEqual([[1, 2.5], [3, 4]]);
    const knotted = run(open(testDocument()), commands.setKnots, { wire: wireKey(["3", "positive"]), knots: [[450, 80]] }).document;
    expect(parseDocument(documentToJson(knotted)).wires).toEqual(knotted.wires);
  });

  test.each([[3], [[3]], [[[1]]], [[[1, "2"]]], [null]])("whose knots are %j has a wire without them", (knots) => expect(read(knots)).toEqual(wire));
});

describe("a frame", () => {
  const document: Document = {
    ...testDocument(),
    frames: {
      outer: { title: "Outer", at: [-100, -100], size: [900, 900] },
      inner: { title: "Inner", at: [-50, -50], size: [300, 400] },
      twin: { title: "Twin", at: [-50, -50], size: [300, 400] },
    },
  };
  const boxes = boxesOf(document);

  test("carries what stands on it, and smaller frames", () => {
    expect(carriedBy(document, "outer", boxes)).toEqual(["1", "2", "3", frameKey("inner"), frameKey("twin"), noteKey("n")]);
    expect(carriedBy(document, "inner", boxes)).toEqual(["1", noteKey("n")]);
    expect(carriedBy(document, "nothing", boxes)).toEqual([]);
  });

  test("is made around what it frames, with room for its title, on the grid", () => {
    const { at, size } = frameAround([boxes.get("1")!])!;
    expect([...at, ...size].every((value) => value % 22 === 0)).toBe(true);
    expect(at[1]).toBeLessThanOrEqual(-44);
    expect(frameAround([])).toBeNull();
  });

  test("is known by a key that no node can have", () => {
    expect(itemOf(frameKey("a/b"))).toEqual({ kind: "frames", id: "a/b" });
    expect(itemOf(noteKey("x"))).toEqual({ kind: "notes", id: "x" });
    expect(itemOf("frame")).toEqual({ kind: "nodes", id: "frame" });
  });
});
