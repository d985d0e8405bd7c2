import * as fc from "fast-check";
import { expect, it } from "vitest";
import { testDocument } from "../../testing/document";
import { serialise } from "../format/format";
import { changesBetween, withChanges } from "./changes";
import { Draft } from "./patch";

const PATH = fc.constantFrom(["nodes", "2", "values", "text"], ["nodes", "3", "values"], ["nodes", "9"], ["nodes", "5"], ["notes", "1"], ["name"], ["nodes", "3", "values", "__proto__"]);
const VALUE = fc.option(fc.oneof(fc.string(), fc.record({ a: fc.string(), b: fc.array(fc.integer()) }), fc.bigInt()), { nil: undefined });

it("what differs leads from one state to the other, and what is shared is not in it", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(PATH, VALUE), { maxLength: 8 }), (sets) => {
      const before = testDocument();
      const draft = new Draft(before);
      for (const [path, value] of sets) if (path[0] !== "name" || value !== undefined) draft.set(path, value);
      const changes = changesBetween(before, draft.document);
      expect(withChanges(before, changes)).toEqual(draft.document);
    }),
  );
});

it("a letter is one place", () => {
  const before = testDocument();
  const draft = new Draft(before);
  draft.set(["nodes", "2", "values", "text"], "a blue house");
  expect(changesBetween(before, draft.document)).toEqual([{ path: ["nodes", "2", "values", "text"], after: "a blue house" }]);
  expect(changesBetween(before, before)).toEqual([]);
  expect(serialise(withChanges(before, changesBetween(before, draft.document)))).toBe(serialise(draft.document));
});
