import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anything, nestedDocument } from "../../testing/actions";
import { testDocument } from "../../testing/document";
import { canonical } from "../format/canonical";
import * as commands from "../commands";
import { validScope, wireKey, type Document } from "./document";
import { diffDocuments, type Difference } from "./diff";
import { documentToJson } from "../format/format";
import { open, run, type Command } from "./history";

const document = testDocument();

function diffAfter<Args>(command: Command<Args>, args: Args, scope: readonly string[] = [], from: Document = document): Difference[] {
  return diffDocuments(from, run(open(from), command, args, undefined, scope).document);
}

const reached = fc.tuple(fc.constantFrom(testDocument(), nestedDocument()), fc.array(anything, { maxLength: 15 })).map(([start, actions]) => {
  let state = { editing: open(start), scope: [] as readonly string[] };
  for (const act of actions) {
    const next = act(state);
    state = { ...next, scope: validScope(next.editing.document, next.scope) };
  }
  return { start, end: state.editing.document };
});

/** Without what does not count: the id, and values that are nothing but an empty box. */
function content(some: Document): string {
  return canonical({ ...documentToJson(some), id: "", nodes: null }) + canonical(Object.entries(some.nodes).map(([id, { controls, ...node }]) => [id, node, Object.entries(controls ?? {}).toSorted()]).toSorted());
}

describe("two states of a document", () => {
  test("that are the same differ in nothing", () => {
    expect(diffDocuments(document, testDocument())).toEqual([]);
    expect(diffDocuments(document, { ...document, id: "other" })).toEqual([]);
  });

  test("differ in something whenever they are not the same, and the other way round in the opposite", () => {
    fc.assert(
      fc.property(reached, ({ start, end }) => {
        const there = diffDocuments(start, end);
        if (there.length === 0) expect(content(end)).toBe(content(start));
        if (content(end) === content(start)) expect(there).toEqual([]);
        const opposite = { added: "removed", removed: "added", changed: "changed", moved: "moved" } as const;
        const name = ({ graph, item, id }: Difference, kind: Difference["kind"]): string => `${graph}/${item}/${id}/${kind}`;
        const back = new Map(diffDocuments(end, start).map((difference) => [name(difference, opposite[difference.kind]), difference]));
        expect(back.size).toBe(there.length);
        for (const difference of there) {
          const mirrored = back.get(name(difference, difference.kind));
          expect(mirrored?.kind).toBe(opposite[difference.kind]);
          const swapped = difference.fields.map(({ field, before, after }) => ({ field, before: after, after: before }));
          expect([...(mirrored?.fields ?? [])].toSorted((a, b) => (a.field < b.field ? -1 : 1))).toEqual(swapped.toSorted((a, b) => (a.field < b.field ? -1 : 1)));
        }
      }),
    );
  });

  test("tell a value of nothing from none", () =>
    expect(diffAfter(commands.setValue, [{ node: "1", port: "seed", value: null }])).toMatchObject([
      { id: "1", kind: "changed", fields: [{ field: "values.seed", before: undefined, after: null }] },
    ]));

  test("name a changed value with both of it", () =>
    expect(diffAfter(commands.setValue, [{ node: "3", port: "steps", value: 30 }])).toEqual([
      { graph: "", item: "node", id: "3", kind: "changed", fields: [{ field: "values.steps", before: 20, after: 30 }] },
    ]));

  test("tell what only moved from what changed", () => {
    expect(diffAfter(commands.moveItems, { "3": [5, 5] })).toMatchObject([{ id: "3", kind: "moved" }]);
    expect(diffAfter(commands.setKnots, { wire: wireKey(["4", "samples"]), knots: [[1, 1]] })).toMatchObject([{ item: "wire", kind: "moved" }]);
    expect(diffAfter(commands.setNodeField, { nodes: ["3"], field: "mode", value: "mute" })).toMatchObject([{ id: "3", kind: "changed" }]);
  });

  test("name what came and went, with the wires", () => {
    const kinds = diffAfter(commands.removeItems, { nodes: ["5"] }).map(({ item, kind }) => `${item} ${kind}`);
    expect(kinds).toEqual(["node removed", "wire removed"]);
    expect(diffAfter(commands.connect, { from: ["2", "CONDITIONING"], to: ["4", "vae"] })).toMatchObject([{ item: "wire", kind: "changed", fields: [{ field: "from" }] }]);
  });

  test("take a node of another type under the same id for another node", () => {
    const end = run(run(open(document), commands.removeItems, { nodes: ["5"] }), commands.addNode, { id: "5", node: { type: "VAEDecode", at: [0, 0], values: {} } });
    expect(diffDocuments(document, end.document).map(({ item, id, kind }) => [item, id, kind])).toContainEqual(["node", "5", "added"]);
  });

  test("differ inside subgraphs as well, each named once", () => {
    const nested = nestedDocument();
    expect(diffAfter(commands.setValue, [{ node: "1", port: "seed", value: 6 }], ["2", "4"], nested)).toMatchObject([{ graph: "inner", item: "node", id: "1" }]);
    expect(diffAfter(commands.renamePort, { definition: "outer", side: "inputs", port: "seed", name: "dice" }, [], nested)).toMatchObject([
      { graph: "outer", item: "input", id: "seed", fields: [{ field: "name", before: "seed", after: "dice" }] },
    ]);
  });
});
