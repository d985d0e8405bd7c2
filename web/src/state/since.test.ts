import { expect, test } from "vitest";
import { changesBetween } from "../model/document/changes";
import { serialise } from "../model/format/format";
import { testDocument } from "../testing/document";
import type { JournalEntry } from "./journal";
import { withSince } from "./since";

const before = testDocument();
const after = { ...before, name: "Renamed", nodes: { ...before.nodes, "2": { ...before.nodes["2"]!, values: { text: "later" } } } };
const entry: JournalEntry = { id: "d", name: before.name, file: null, base: null, draft: null, text: serialise(before), edited: false, at: 5, window: "w" };

test("an entry is as it was changed since", () => {
  const found = withSince(entry, { id: "d", base: 5, at: 9, changes: changesBetween(before, after) });
  expect(found).toEqual({ ...entry, name: "Renamed", text: serialise(after), edited: true, at: 9 });
});

test("notes on another entry, or none, change nothing", () => {
  expect(withSince(entry, { id: "d", base: 4, at: 9, changes: changesBetween(before, after) })).toBe(entry);
  expect(withSince(entry, undefined)).toBe(entry);
});
