import { describe, expect, test } from "vitest";
import { testCatalog } from "../../testing/catalog";
import { testDocument } from "../../testing/document";
import { nodeBoxes } from "../layout/boxes";
import { inReadingOrder, neighbour, readingOrder } from "./walking";

const catalog = testCatalog();
const document = testDocument();

describe("walking", () => {
  const boxes = nodeBoxes(document, catalog);

  test("follows wires", () => {
    expect(neighbour(document, boxes, "3", "right")).toBe("4");
    expect(neighbour(document, boxes, "5", "left")).toBe("4");
    expect(neighbour(document, boxes, "9", "left")).toBeNull();
  });

  test("without a wire goes to what is there", () => {
    const free = { ...document, wires: {} };
    expect(neighbour(free, boxes, "1", "right")).toBe("2");
    expect(neighbour(free, boxes, "1", "left")).toBeNull();
  });

  test("reads by columns, round and round", () => {
    expect(readingOrder(boxes)).toEqual(["1", "2", "3", "4", "5"]);
    expect(inReadingOrder(boxes, null, 1)).toBe("1");
    expect(inReadingOrder(boxes, "5", 1)).toBe("1");
    expect(inReadingOrder(boxes, "1", -1)).toBe("5");
    expect(inReadingOrder(new Map(), null, 1)).toBeNull();
  });
});
