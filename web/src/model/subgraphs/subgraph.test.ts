import { describe, expect, test } from "vitest";
import { nestedDocument } from "../../testing/actions";
import { testCatalog } from "../../testing/catalog";
import { borderTypes, NEW_PORT } from "./border";
import type { Port } from "../catalog/catalog";
import * as commands from "../commands";
import { instanceType } from "../document/document";
import { open, run } from "../document/history";
import { layoutOf } from "../layout/geometry";
import { standalone } from "./keeping";
import { withSubgraphs } from "./subgraph";

const catalog = testCatalog();
const document = nestedDocument();
const types = withSubgraphs(catalog, document.subgraphs);

describe("a subgraph as a node type", () => {
  test("has the widgets, values and controls of what its ports feed, however deep", () => {
    const seed: Port | undefined = types.spec(instanceType("outer"))?.inputs[1];
    expect(seed).toMatchObject({ name: "seed", label: "seed", type: "INT", widget: { kind: "seed" }, default: 5, control: "randomize" });
    expect(types.spec(instanceType("outer"))?.outputs).toMatchObject([{ name: "latent", type: "*" }]);
  });

  test("is listed, its border is not, and that mirrors the ports with a place for a new one", () => {
    const listed = types.types().map(({ id }) => id);
    expect(listed).toContain(instanceType("inner"));
    const border = borderTypes("inner");
    expect(listed).not.toContain(border.inputs);
    expect(types.spec(border.inputs)?.outputs.map(({ name }) => name)).toEqual(["model", "seed", NEW_PORT]);
    expect(types.spec(border.outputs)?.inputs.map(({ name }) => name)).toEqual(["latent", NEW_PORT]);
  });

  test("stays the same object while only what it does not show is edited", () => {
    const moved = run(open(document), commands.moveItems, { "1": [5, 5] }, undefined, ["2", "4"]).document;
    expect(withSubgraphs(catalog, moved.subgraphs, types)).toBe(types);
    const edited = run(open(document), commands.setValue, [{ node: "1", port: "seed", value: 6 }], undefined, ["2", "4"]).document;
    const after = withSubgraphs(catalog, edited.subgraphs, types);
    expect(after.spec(instanceType("outer"))).not.toBe(types.spec(instanceType("outer")));
    expect(after.spec(borderTypes("outer").inputs)).toBe(types.spec(borderTypes("outer").inputs));
    expect(withSubgraphs(catalog, {}, types)).toBe(catalog);
  });

  test("has a place for the picture that is made inside it, however deep, and for none that goes through it", () => {
    const { inner, outer } = document.subgraphs;
    const saver = { type: "SaveImage", at: [0, 0] as const, values: {} };
    const made = withSubgraphs(catalog, { outer: outer!, inner: { ...inner!, nodes: { ...inner!.nodes, "9": saver } } });
    const spec = made.spec(instanceType("outer"));
    expect(spec?.shows).toBe("picture");
    expect(layoutOf(spec!, { type: "", at: [0, 0], values: {} }).picture).not.toBeNull();
    const through = { ...types.spec(instanceType("outer"))!, sink: true, inputs: [{ name: "image", type: "IMAGE" }] };
    expect(layoutOf(through, { type: "", at: [0, 0], values: {} }).picture).toBeNull();
  });

  test("that contains itself is none", () => {
    const { outer } = document.subgraphs;
    const looped = { outer: { ...outer!, nodes: { ...outer!.nodes, "4": { ...outer!.nodes["4"]!, type: instanceType("outer") } } } };
    expect(withSubgraphs(catalog, looped).spec(instanceType("outer"))?.inputs[0]).toMatchObject({ name: "model", type: "MODEL" });
  });
});

test("a kept subgraph is a workflow with one instance and all that this needs", () => {
  const kept = standalone(document, "outer", "k");
  expect(kept).toMatchObject({ id: "k", name: "Outer", nodes: { "1": { type: instanceType("outer") } } });
  expect(Object.keys(kept?.subgraphs ?? {}).toSorted()).toEqual(["inner", "outer"]);
  expect(Object.keys(standalone(document, "inner", "k")?.subgraphs ?? {})).toEqual(["inner"]);
  expect(standalone(document, "gone", "k")).toBeNull();
});
