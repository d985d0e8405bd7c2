import { expect, test } from "vitest";
import { changesBetween } from "../model/document/changes";
import { serialise } from "../model/format/format";
import { testDocument } from "../testing/document";
import { turnsOf, type JournalEntry } from "./journalEntry";
import { withSince } from "./since";

const before = testDocument();
const after = { ...before, name: "Renamed", nodes: { ...before.nodes, "2": { ...before.nodes["2"]!, values: { text: "later" } } } };
const entry: JournalEntry = { id: "d", name: before.name, file: null, base: null, draft: null, text: serialise(before), edited: false, at: 5, window: "w", turn: 6 };

test("an entry is as it was changed since", () => {
  const found = withSince(entry, { id: "d", base: 5, at: 9, turn: 7, changes: changesBetween(before, after) });
  expect(found).toEqual({ ...entry, name: "Renamed", text: serialise(after), edited: true, at: 9, turn: 7 });
});

test("what earlier versions wrote has no turn: the server knows none of it", () => {
  const { turn: _, ...old } = entry;
  const found = withSince(old, { id: "d", base: 5, at: 9, changes: changesBetween(before, after) });
  expect(turnsOf(old)).toEqual([["w", 0]]);
  expect(turnsOf(found)).toEqual([["w", 0]]);
  expect(turnsOf({ ...entry, before: [["v", 3]] })).toEqual([["w", 6], ["v", 3]]);
});

test("notes on another entry, or none, change nothing", () => {
  expect(withSince(entry, { id: "d", base: 4, at: 9, changes: changesBetween(before, after) })).toBe(entry);
  expect(withSince(entry, undefined)).toBe(entry);
});
