import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { testCatalog } from "../../testing/catalog";
import { testDocument } from "../../testing/document";
import type { WorkflowNode } from "../document/document";
import { layoutOf } from "./geometry";
import { METRICS, type Density } from "./metrics";
import { isPlaceholder, keptText, placeholderSpec } from "../catalog/placeholder";

const catalog = testCatalog();
const DENSITIES = Object.keys(METRICS) as Density[];

function node(type: string, more: Partial<WorkflowNode> = {}): WorkflowNode {
  return { type, at: [0, 0], values: {}, ...more };
}

describe("the layout", () => {
  it("has nothing on top of anything else, however dense, large or wired", () => {
    const looks = fc.record({
      type: fc.constantFrom(...catalog.types().map(({ id }) => id)),
      density: fc.constantFrom(...DENSITIES),
      aspect: fc.option(fc.double({ min: 0.1, max: 4, noNaN: true })),
      size: fc.option(fc.tuple(fc.integer({ min: 160, max: 900 }), fc.integer({ min: 40, max: 900 })), { nil: undefined }),
      asPorts: fc.boolean(),
    });
    fc.assert(
      fc.property(looks, ({ type, density, aspect, size, asPorts }) => {
        const spec = catalog.spec(type)!;
        const ports = asPorts ? spec.inputs.map(({ name }) => name) : [];
        const layout = layoutOf(spec, node(type, { ports, ...(size && { size }) }), { density, aspect });
        const rows = [
          ...layout.widgets.map(({ top, height }) => [top, top + height] as const),
          ...(layout.picture ? [[layout.picture.top, layout.picture.top + layout.picture.height] as const] : []),
        ];
        let bottom = Math.max(METRICS[density].header, ...[...layout.inputs, ...layout.outputs].map(({ y }) => y));
        for (const [top, end] of rows) {
          expect(top).toBeGreaterThanOrEqual(bottom);
          bottom = end;
        }
        expect(layout.height).toBeGreaterThan(bottom);
      }),
    );
  });

  it("keeps a node's own height where its text boxes can give way", () => {
    const spec = catalog.spec("CLIPTextEncode")!;
    const made = DENSITIES.map((density) => layoutOf(spec, node("CLIPTextEncode", { size: [264, 154] }), { density }).height);
    expect(made).toEqual([154, 154, 154]);
  });

  it("is lower where it is denser", () => {
    const heights = DENSITIES.map((density) => layoutOf(catalog.spec("KSampler")!, node("KSampler"), { density }).height);
    expect(heights).toEqual(heights.toSorted((a, b) => a - b));
    expect(new Set(heights).size).toBe(3);
  });

  it("shows a text as a port in one row, and gives the room to others", () => {
    const spec = catalog.spec("CLIPTextEncode")!;
    const box = layoutOf(spec, node("CLIPTextEncode")).widgets[0]!;
    const port = layoutOf(spec, node("CLIPTextEncode", { ports: ["text"] })).widgets[0]!;
    expect(box.asPort).toBe(false);
    expect(port.asPort).toBe(true);
    expect(port.height).toBeLessThan(box.height);
    expect(port.y).toBe(box.y);
  });

  it("puts inputs and outputs on shared rows, widgets below, all inside", () => {
    const layout = layoutOf(catalog.spec("KSampler")!, node("KSampler"));
    expect(layout.inputs[0]?.y).toBe(layout.outputs[0]?.y);
    const bottom = Math.max(...layout.widgets.map(({ top, height }) => top + height));
    expect(layout.widgets[0]!.top).toBeGreaterThan(layout.inputs.at(-1)!.y);
    expect(layout.height).toBeGreaterThan(bottom);
  });

  it("keeps a place for pictures on nodes that show them, of the picture's shape", () => {
    const spec = catalog.spec("SaveImage")!;
    const square = layoutOf(spec, node("SaveImage"));
    const flat = layoutOf(spec, node("SaveImage"), { aspect: 0.5 });
    expect(square.picture?.height).toBe(square.picture?.width);
    expect(flat.height).toBeLessThan(square.height);
    expect(layoutOf(catalog.spec("VAEDecode")!, node("VAEDecode")).picture).toBeNull();
  });

  it("gives text boxes what a taller node has to spare", () => {
    const spec = catalog.spec("CLIPTextEncode")!;
    const tall = layoutOf(spec, node("CLIPTextEncode", { size: [300, 400] }));
    expect(tall).toMatchObject({ width: 300, height: 400 });
  });

  it("collapses to the title", () => {
    const layout = layoutOf(catalog.spec("KSampler")!, node("KSampler", { collapsed: true }));
    expect(new Set([...layout.inputs, ...layout.outputs].map(({ y }) => y)).size).toBe(1);
  });

  it("guesses the ports of unknown types from their wires", () => {
    const spec = placeholderSpec(testDocument(), "4");
    expect(spec.inputs.map(({ name }) => name)).toEqual(["samples", "vae"]);
    expect(spec.outputs.map(({ name }) => name)).toEqual(["IMAGE"]);
  });
});

describe("a node of a missing type", () => {
  const document = testDocument();
  const values = { strength: 0.5, words: "a\nb", list: [1, { a: null }], seed: 2n ** 64n - 1n };
  const graph = { ...document, nodes: { ...document.nodes, "4": node("pack/Unknown", { values: { ...values, samples: 1 } }) } };

  it("has the ports of its wires and a row for every value", () => {
    const spec = placeholderSpec(graph, "4");
    expect(isPlaceholder(spec)).toBe(true);
    expect(spec.pack).toBe("pack");
    expect(spec.inputs.map(({ name }) => name)).toEqual(["vae", "strength", "words", "list", "seed", "samples"]);
    expect(spec.outputs.map(({ name }) => name)).toEqual(["IMAGE"]);
    expect(layoutOf(spec, graph.nodes["4"]!).sentence).not.toBeNull();
    expect(isPlaceholder(catalog.spec("KSampler")!)).toBe(false);
  });

  it("shows values as they are", () => {
    expect(Object.values(values).map(keptText)).toEqual(["0.5", "a\nb", '[1,{"a":null}]', "18446744073709551615"]);
  });
});
