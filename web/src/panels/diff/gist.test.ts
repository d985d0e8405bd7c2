import * as fc from "fast-check";
import { expect, test } from "vitest";
import { diffDocuments } from "../../model/document/diff";
import type { Document } from "../../model/document/document";
import * as commands from "../../model/commands";
import { open, run, type Command } from "../../model/document/history";
import { withSubgraphs } from "../../model/subgraphs/subgraph";
import { anything } from "../../testing/actions";
import { testCatalog } from "../../testing/catalog";
import { testDocument } from "../../testing/document";
import { gistOf } from "./gist";
import type { Side } from "./words";

const document = testDocument();
const catalog = testCatalog();

function side(of: Document): Side {
  return { document: of, types: withSubgraphs(catalog, of.subgraphs) };
}

function gist(now: Document): string {
  return gistOf(diffDocuments(document, now), { before: side(document), after: side(now) });
}

function after<Args>(command: Command<Args>, args: Args): string {
  return gist(run(open(document), command, args).document);
}

test("short values are told, of long ones that they changed", () => {
  expect(after(commands.setValue, [{ node: "3", port: "steps", value: 30 }])).toBe("steps 20 → 30");
  expect(after(commands.setValue, [{ node: "2", port: "text", value: "a blue house by the sea" }])).toBe("text changed");
});

test("one node is named, several are counted; that their wires went goes without saying", () => {
  const without = (...nodes: string[]) => after(commands.removeItems, { nodes });
  expect(without("4")).toBe("Decode removed");
  expect(without("4", "5")).toBe("2 nodes removed");
});

test("three things at most are said", () => {
  const values = ["steps", "cfg", "seed", "denoise"].map((port, index) => ({ node: "3", port, value: index + 1 }));
  expect(after(commands.setValue, values)).toBe("steps 20 → 1 · cfg 6 → 2 · 2 more");
});

test("names, wires and places have their words", () => {
  expect(after(commands.renameDocument, "Another")).toBe("renamed");
  expect(after(commands.removeItems, { wires: Object.keys(document.wires).slice(0, 1) })).toBe("wires changed");
  expect(after(commands.moveItems, { "1": [40, 40] })).toBe("moved");
  expect(gist(document)).toBe("nothing changed");
});

test("whatever is done has words, and they are few", () => {
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 12 }), (actions) => {
      let state = { editing: open(document), scope: [] as readonly string[] };
      for (const act of actions) state = act(state);
      const words = gist(state.editing.document);
      expect(words).not.toBe("");
      expect(words.split(" · ").length).toBeLessThanOrEqual(3);
    }),
    { numRuns: 50 },
  );
});
