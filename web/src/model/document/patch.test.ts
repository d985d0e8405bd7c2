import * as fc from "fast-check";
import { expect, it } from "vitest";
import { testDocument } from "../../testing/document";
import { apply, Draft, invert } from "./patch";

const ID = fc.constantFrom("1", "2", "3", "new", "__proto__");
const STEP = fc.record({ id: ID, place: fc.constantFrom("title", "mode", ""), value: fc.option(fc.constantFrom("a", "b"), { nil: undefined }), look: fc.boolean() });

it("a draft changes nothing that anybody has seen, and its patch does and undoes the same", () => {
  fc.assert(
    fc.property(fc.array(STEP, { maxLength: 12 }), (steps) => {
      const document = testDocument();
      const written = JSON.stringify(document);
      const draft = new Draft(document);
      const seen: [object, string][] = [];
      for (const { id, place, value, look } of steps) {
        const node = value === undefined ? undefined : { type: value, at: [0, 0], values: {} };
        draft.set(place ? ["nodes", id, place] : ["nodes", id], place ? value : node);
        if (look) seen.push([draft.document, JSON.stringify(draft.document)]);
      }
      const after = draft.document;
      for (const [was, text] of seen) expect(JSON.stringify(was)).toBe(text);
      expect(JSON.stringify(document)).toBe(written);
      expect(apply(document, draft.changes)).toEqual(after);
      expect(apply(after, invert(draft.changes))).toEqual(document);
    }),
  );
});
