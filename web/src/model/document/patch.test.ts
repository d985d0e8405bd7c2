import * as fc from "fast-check";
import { expect, it } from "vitest";
import { testDocument } from "../../testing/document";
import { apply, Draft, invert, merge, type Patch } from "./patch";

const ID = fc.constantFrom("1", "2", "3", "new", "old", "9", "__proto__");
const STEP = fc.record({ id: ID, place: fc.constantFrom("title", "mode", ""), value: fc.option(fc.constantFrom("a", "b"), { nil: undefined }), look: fc.boolean() });

function take(draft: Draft, { id, place, value }: { id: string; place: string; value: string | undefined }): void {
  const node = value === undefined ? undefined : { type: value, at: [0, 0], values: {} };
  draft.set(place ? ["nodes", id, place] : ["nodes", id], place ? value : node);
}

it("a draft changes nothing that anybody has seen, and its patch does and undoes the same", () => {
  fc.assert(
    fc.property(fc.array(STEP, { maxLength: 12 }), (steps) => {
      const document = testDocument();
      const written = JSON.stringify(document);
      const draft = new Draft(document);
      const seen: [object, string][] = [];
      for (const step of steps) {
        take(draft, step);
        if (step.look) seen.push([draft.document, JSON.stringify(draft.document)]);
      }
      const after = draft.document;
      for (const [was, text] of seen) expect(JSON.stringify(was)).toBe(text);
      expect(JSON.stringify(document)).toBe(written);
      expect(apply(document, draft.changes)).toEqual(after);
      expect(apply(after, invert(draft.changes))).toEqual(document);
      // Records have their keys in the same order, too.
      expect(JSON.stringify(apply(document, draft.changes))).toBe(JSON.stringify(after));
      expect(JSON.stringify(apply(after, invert(draft.changes)))).toBe(written);
    }),
  );
});

it("patches that are merged do and undo the same as one after the other, to the order of keys", () => {
  fc.assert(
    fc.property(fc.array(fc.array(STEP, { maxLength: 4 }), { maxLength: 6 }), (patches) => {
      const document = testDocument();
      let [reached, merged] = [document, [] as Patch];
      for (const steps of patches) {
        const draft = new Draft(reached);
        for (const step of steps) take(draft, step);
        reached = draft.document;
        merged = merge(merged, draft.changes);
      }
      expect(JSON.stringify(apply(document, merged))).toBe(JSON.stringify(reached));
      expect(JSON.stringify(apply(reached, invert(merged)))).toBe(JSON.stringify(document));
    }),
    { numRuns: 500 },
  );
});

it("thousands of nodes and wires are taken away and brought back in their places at once", () => {
  const ids = Array.from({ length: 2000 }, (_, index) => `n${index}`);
  const node = { type: "Note", at: [0, 0] as const, values: {} };
  const document = { ...testDocument(), nodes: Object.fromEntries(ids.map((id) => [id, node])) };
  const gone = ids.filter((_, index) => index % 10 !== 3).toSorted();
  const draft = new Draft(document);
  const started = performance.now();
  for (const id of gone) draft.set(["nodes", id], undefined);
  const back = apply(draft.document, invert(draft.changes));
  const took = performance.now() - started;
  expect(Object.keys(back.nodes)).toEqual(ids);
  expect(took).toBeLessThan(5_000); // a fiftieth of it here; copying the record for each would take many seconds
});
