import { describe, expect, test } from "vitest";
import { testCatalog } from "../../testing/catalog";
import { testDocument } from "../../testing/document";
import { nodeBoxes } from "../layout/boxes";
import { inverted, isInside, lassoed, sameType, withDownstream, withUpstream } from "./selecting";

const catalog = testCatalog();
const document = testDocument();

describe("choosing", () => {
  test("by type and by wires", () => {
    expect(sameType(document, ["2"])).toEqual(["2"]);
    expect(withUpstream(document, ["4"]).toSorted()).toEqual(["1", "2", "3", "4"]);
    expect(withDownstream(document, ["2"]).toSorted()).toEqual(["2", "3", "4", "5"]);
    expect(inverted(document, new Set(["1", "5"]))).toEqual(["2", "3", "4"]);
  });

  test("by a line drawn around", () => {
    const boxes = nodeBoxes(document, catalog);
    expect(lassoed(boxes, [[-10, -10], [550, -10], [550, 600], [-10, 600]])).toEqual(["1", "2"]);
    expect(lassoed(boxes, [[0, 0], [1, 1]])).toEqual([]);
    expect(isInside([5, 5], [[0, 0], [10, 0], [10, 10], [0, 10]])).toBe(true);
    expect(isInside([15, 5], [[0, 0], [10, 0], [10, 10], [0, 10]])).toBe(false);
  });
});
