import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { testDocument } from "../testing/document";
import { copyText, pasteFrom } from "./clipboard";
import * as commands from "./commands";
import { emptyDocument, wireKey, type Document, type Json } from "./document";
import { amend, open, redo, run, undo, type Editing } from "./history";
import { freshIds } from "./ids";

type Action = (editing: Editing) => Editing;

/** A random thing that a person might do, on whatever nodes there are. */
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.tuple(fc.integer({ min: -500, max: 500 }), fc.jsonValue()).map(([x, value]): Action => (editing) => {
    const [id = ""] = freshIds(editing.document, 1);
    return run(editing, commands.addNode, { id, node: { type: "KSampler", at: [x, 0], values: { v: value as Json } } });
  }),
  fc.nat().map((pick): Action => (editing) => withNode(editing, pick, (id) => run(editing, commands.removeItems, { nodes: [id], wires: [] }))),
  fc.tuple(fc.nat(), fc.integer(), fc.option(fc.constant("drag"), { nil: undefined })).map(
    ([pick, x, gesture]): Action =>
      (editing) => withNode(editing, pick, (id) => run(editing, commands.moveNodes, { [id]: [x, x] }, gesture)),
  ),
  fc.tuple(fc.nat(), fc.constantFrom("seed", "text", "__proto__", "constructor"), fc.jsonValue()).map(
    ([pick, port, value]): Action =>
      (editing) => withNode(editing, pick, (node) => run(editing, commands.setValue, [{ node, port, value: value as Json }])),
  ),
  fc.tuple(fc.nat(), fc.constantFrom("randomize" as const, "fixed" as const)).map(
    ([pick, control]): Action =>
      (editing) => withNode(editing, pick, (node) => run(editing, commands.setControl, { node, port: "seed", control })),
  ),
  fc.tuple(fc.nat(), fc.option(fc.string(), { nil: undefined })).map(
    ([pick, value]): Action =>
      (editing) => withNode(editing, pick, (id) => run(editing, commands.setNodeField, { nodes: [id], field: "title", value })),
  ),
  fc.tuple(fc.nat(), fc.nat(), fc.constantFrom("a", "b")).map(
    ([from, to, port]): Action =>
      (editing) =>
        withNode(editing, from, (source) =>
          withNode(editing, to, (target) => run(editing, commands.connect, { from: [source, "out"], to: [target, port] })),
        ),
  ),
  fc.nat().map((pick): Action => (editing) => {
    const keys = Object.keys(editing.document.wires);
    return run(editing, commands.disconnect, { wires: keys.slice(pick % (keys.length + 1)).slice(0, 1) });
  }),
  fc.nat().map((pick): Action => (editing) =>
    withNode(editing, pick, (id) => {
      const place = { document: editing.document, within: "" };
      const pasted = pasteFrom(copyText(place, { nodes: [id] }), place, [0, 0]);
      return pasted?.kind === "pasted" ? run(editing, commands.paste, pasted.content) : editing;
    }),
  ),
  fc.string().map((name): Action => (editing) => run(editing, commands.renameDocument, name)),
);

function withNode(editing: Editing, pick: number, act: (id: string) => Editing): Editing {
  const ids = Object.keys(editing.document.nodes);
  const id = ids[pick % Math.max(1, ids.length)];
  return id === undefined ? editing : act(id);
}

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

function dangling(document: Document): string[] {
  return Object.values(document.wires)
    .filter((wire) => !document.nodes[wire.from[0]] || !document.nodes[wire.to[0]])
    .map((wire) => wireKey(wire.to));
}

describe("whatever is done", () => {
  const actions = fc.array(action, { maxLength: 40 });
  const start = fc.constantFrom(testDocument(), emptyDocument("e", "Empty"));

  test("undone, gives the document that was opened; done again, the one that was reached", () => {
    fc.assert(
      fc.property(start, actions, (document, all) => {
        const reached = all.reduce((editing, act) => act(editing), open(document));
        const back = undoAll(reached);
        expect(back.document).toEqual(document);
        expect(redoAll(back).document).toEqual(reached.document);
      }),
    );
  });

  test("leaves no wire without both its nodes, and each wire under its own key", () => {
    fc.assert(
      fc.property(start, actions, (document, all) => {
        let editing = open(document);
        for (const act of all) {
          editing = act(editing);
          expect(dangling(editing.document)).toEqual([]);
          for (const [key, wire] of Object.entries(editing.document.wires)) expect(key).toBe(wireKey(wire.to));
        }
      }),
    );
  });
});

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
