import { describe, expect, test } from "vitest";
import { testCatalog } from "../../testing/catalog";
import { testDocument } from "../../testing/document";
import { flatten } from "../subgraphs/flatten";
import { computedAnew, neededNodes } from "./needed";
import { signatures } from "./signature";

const catalog = testCatalog();

describe("signatures", () => {
  const document = testDocument();
  const before = signatures(document);
  const withText = (text: string) =>
    signatures({ ...document, nodes: { ...document.nodes, "2": { ...document.nodes["2"]!, values: { text } } } });

  test("change with a value, there and below, nowhere else", () => {
    const after = withText("a blue house");
    const changed = Object.keys(before).filter((id) => before[id] !== after[id]);
    expect(changed).toEqual(["2", "3", "4", "5"]);
  });

  test("do not change with place, title or order", () => {
    const moved = { ...document.nodes["2"]!, at: [9, 9] as const, title: "Other" };
    expect(signatures({ ...document, nodes: { ...document.nodes, "2": moved } })).toEqual(before);
  });

  test("come back when the value does", () => expect(withText("a red house")).toEqual(before));

  test("exist for circles too", () => {
    const wires = { ...document.wires, loop: { from: ["5", "x"] as const, to: ["1", "y"] as const } };
    expect(Object.keys(signatures({ ...document, wires }))).toHaveLength(5);
  });

  test("a run needs the sinks and what is above them", () => {
    const alone = { ...document, nodes: { ...document.nodes, "9": { type: "CLIPTextEncode", at: [0, 0] as const, values: {} } } };
    expect([...neededNodes(flatten(alone), catalog)].toSorted()).toEqual(["1", "2", "3", "4", "5"]);
  });

  test("a seed that is drawn makes everything below it stale", () => {
    expect([...computedAnew(flatten(document), catalog)].toSorted()).toEqual(["3", "4", "5"]);
  });

  test("so does a node whose results are never kept", () => {
    const spec = { ...catalog.spec("CheckpointLoaderSimple")!, cache: "never" as const };
    const fixed = { ...document, nodes: { ...document.nodes, "3": { ...document.nodes["3"]!, controls: {} } } };
    expect(computedAnew(flatten(fixed), catalog)).toEqual(new Set());
    expect(computedAnew(flatten(fixed), catalog.extended([spec]))).toEqual(new Set(["1", "2", "3", "4", "5"]));
  });
});
