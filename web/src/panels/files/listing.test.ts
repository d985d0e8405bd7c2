import { expect, test } from "vitest";
import { inFolders, matching } from "./listing";

function file(name: string, modified: number) {
  return { name, modified, etag: "", size: 0, id: "", thumbnail: null };
}

test("files stand by folder, the latest first, those in none before the others", () => {
  const found = inFolders([file("b/old", 1), file("top", 2), file("b/new", 3), file("a/x/y", 4)]);
  expect(found.map(({ folder, members }) => [folder, members.map(({ name }) => name)])).toEqual([
    ["", ["top"]],
    ["a/x", ["a/x/y"]],
    ["b", ["b/new", "b/old"]],
  ]);
});

test("every word of a query must occur", () => {
  const names = ["Boat at sunset", "Boat by day", "House"];
  expect(matching(names, "sun boat", (name) => name)).toEqual(["Boat at sunset"]);
  expect(matching(names, "", (name) => name)).toEqual(names);
});
