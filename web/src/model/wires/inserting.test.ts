import { describe, expect, test } from "vitest";
import { testCatalog } from "../../testing/catalog";
import { testDocument } from "../../testing/document";
import { wireKey } from "../document/document";
import { circleMakers, isUnwired, passage, wiresThrough } from "./inserting";

const catalog = testCatalog();
const document = testDocument();

describe("a node put into a wire", () => {
  const wire = document.wires[wireKey(["5", "images"])]!;

  test("needs a port for either end", () => {
    const reroute = catalog.spec("Reroute")!;
    expect(passage(document, catalog, wire, reroute)).toEqual({ input: "value", output: "value" });
    expect(passage(document, catalog, wire, catalog.spec("KSampler")!)).toBeNull();
    expect(wiresThrough(wire, "9", { input: "a", output: "b" })).toEqual([
      { from: ["4", "IMAGE"], to: ["9", "a"] },
      { from: ["9", "b"], to: ["5", "images"] },
    ]);
  });

  test("must be unwired", () => {
    expect(isUnwired(document, "3")).toBe(false);
    expect(isUnwired({ ...document, wires: {} }, "3")).toBe(true);
  });

  test("must not close a circle", () => {
    expect([...circleMakers(document, "3", "output")].toSorted()).toEqual(["1", "2", "3"]);
    expect([...circleMakers(document, "3", "input")].toSorted()).toEqual(["3", "4", "5"]);
  });
});
