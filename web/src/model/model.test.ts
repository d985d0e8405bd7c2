import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { testCatalog } from "../testing/catalog";
import { testDocument } from "../testing/document";
import { accepts, defaultValues } from "./catalog";
import { copyText, pasteFrom, type Place } from "./clipboard";
import type { Point } from "./document";
import { bestInput, refusal } from "./connect";
import { evaluate } from "./expression";
import { layoutOf } from "./geometry";
import { placeholderSpec } from "./placeholder";
import { freshIds } from "./ids";
import { fitted, grouped, nudged, shown } from "./number";
import { flatten } from "./flatten";
import { neededNodes, nodesBelow, seedsDrawn } from "./needed";
import { signatures } from "./signature";

const catalog = testCatalog();

describe("types", () => {
  test.each([
    ["IMAGE", "IMAGE", true],
    ["IMAGE", "MASK", false],
    ["IMAGE,MASK", "MASK", true],
    ["*", "MODEL", true],
    ["MODEL", "*", true],
    ["FLOAT", "INT", true],
    ["INT", "FLOAT", false],
  ])("an input of %s takes %s: %s", (input, output, fits) => expect(accepts(input, output)).toBe(fits));

  test("are found under former ids, and listed once", () => {
    expect(catalog.spec("OldSampler")?.id).toBe("KSampler");
    expect(catalog.types().filter((spec) => spec.id === "KSampler")).toHaveLength(1);
  });

  test("give new nodes their defaults, or the first choice", () => {
    expect(defaultValues(catalog.spec("CheckpointLoaderSimple")!)).toEqual({ ckpt_name: "postcards" });
    expect(defaultValues(catalog.spec("KSampler")!)).toEqual({ seed: 0, steps: 20, cfg: 8 });
  });
});

describe("a wire", () => {
  const document = testDocument();

  test("may join ports that fit", () =>
    expect(refusal(document, catalog, { from: ["2", "CONDITIONING"], to: ["3", "positive"] })).toBeNull());

  test("is refused with a reason", () => {
    const wire = (from: [string, string], to: [string, string]) => refusal(document, catalog, { from, to });
    expect(wire(["4", "IMAGE"], ["3", "latent_image"])).toEqual({ code: "wrong_type", given: "IMAGE", wanted: "LATENT" });
    expect(wire(["3", "LATENT"], ["3", "latent_image"])).toEqual({ code: "same_node" });
    expect(wire(["3", "nothing"], ["4", "samples"])).toEqual({ code: "unknown_port" });
  });

  test("that would close a circle is refused", () => {
    const looped = { ...document, nodes: { ...document.nodes, "6": { type: "Reroute", at: [0, 0] as const, values: {} } } };
    const wired = { ...looped, wires: { ...looped.wires, x: { from: ["3", "LATENT"] as const, to: ["6", "value"] as const } } };
    expect(refusal(wired, catalog, { from: ["6", "value"], to: ["3", "latent_image"] })).toEqual({ code: "cycle" });
  });

  test("dropped on a node goes to the free input that fits", () => {
    expect(bestInput(document, catalog, ["3", "LATENT"], "4")).toBe("samples");
    expect(bestInput(document, catalog, ["4", "IMAGE"], "3")).toBeUndefined();
  });
});

describe("a copy", () => {
  const pastedBy = (place: Place, nodes: string[], at: Point) => {
    const result = pasteFrom(copyText(place, { nodes }), place, at);
    return result?.kind === "pasted" ? result.content : null;
  };

  test("keeps values, titles and inner wires under new ids", () => {
    const document = testDocument();
    const pasted = pastedBy({ document, within: "" }, ["2", "3"], [1000, 500]);
    expect(pasted?.nodes["6"]).toEqual({ ...document.nodes["2"], at: [1000, 500] });
    expect(pasted?.nodes["7"]).toEqual({ ...document.nodes["3"], at: [1300, 500] });
    expect(pasted?.wires).toEqual([{ from: ["6", "CONDITIONING"], to: ["7", "positive"] }]);
  });

  test.each(["", "hello", "{", "{}", '{"format":"wirebrush/1","nodes":{}}', "[1]"])("is not made of %j", (text) =>
    expect(pasteFrom(text, { document: testDocument(), within: "" }, [0, 0])).toBeNull(),
  );

  test("gets ids that nothing uses", () => {
    const document = testDocument();
    const odd = { ...document, nodes: { ...document.nodes, "12": document.nodes["1"]!, name: document.nodes["1"]! } };
    expect(freshIds(odd, 2)).toEqual(["13", "14"]);
  });
});

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
    expect(seedsDrawn(flatten(document))).toEqual(["3"]);
    expect([...nodesBelow(flatten(document), ["3"])].toSorted()).toEqual(["3", "4", "5"]);
  });
});

describe("the layout", () => {
  const node = (type: string, more = {}) => ({ type, at: [0, 0] as const, values: {}, ...more });

  test("puts inputs and outputs on shared rows, widgets below, all inside", () => {
    const layout = layoutOf(catalog.spec("KSampler")!, node("KSampler"));
    expect(layout.inputs[0]?.y).toBe(layout.outputs[0]?.y);
    const bottom = Math.max(...layout.widgets.map(({ top, height }) => top + height));
    expect(layout.widgets[0]!.top).toBeGreaterThan(layout.inputs.at(-1)!.y);
    expect(layout.height).toBeGreaterThan(bottom);
  });

  test("keeps a place for pictures on nodes that show them, of the picture's shape", () => {
    const spec = catalog.spec("SaveImage")!;
    const square = layoutOf(spec, node("SaveImage"));
    const flat = layoutOf(spec, node("SaveImage"), { aspect: 0.5 });
    expect(square.picture?.height).toBe(square.picture?.width);
    expect(flat.height).toBeLessThan(square.height);
    expect(layoutOf(catalog.spec("VAEDecode")!, node("VAEDecode")).picture).toBeNull();
  });

  test("gives text boxes what a taller node has to spare", () => {
    const spec = catalog.spec("CLIPTextEncode")!;
    const tall = layoutOf(spec, node("CLIPTextEncode", { size: [300, 400] }));
    expect(tall).toMatchObject({ width: 300, height: 400 });
  });

  test("collapses to the title", () => {
    const layout = layoutOf(catalog.spec("KSampler")!, node("KSampler", { collapsed: true }));
    expect(new Set([...layout.inputs, ...layout.outputs].map(({ y }) => y)).size).toBe(1);
  });

  test("guesses the ports of unknown types from their wires", () => {
    const spec = placeholderSpec(testDocument(), "4");
    expect(spec.inputs.map(({ name }) => name)).toEqual(["samples", "vae"]);
    expect(spec.outputs.map(({ name }) => name)).toEqual(["IMAGE"]);
  });
});

describe("number fields", () => {
  test.each([
    ["512*1.5", 768],
    ["(768 + 64) / 2", 416],
    ["-3 - -4", 1],
    ["2+3*4", 14],
    ["0,5", 0.5],
    ["1e3", 1000],
  ])("read %s as %d", (text, value) => expect(evaluate(text)).toBe(value));

  test.each(["", "abc", "1+", "(1", "1/0", "1 2", "alert(1)"])("do not read %j", (text) => expect(evaluate(text)).toBeNull());

  test("keep bounds, steps and digits", () => {
    const steps = { kind: "int", min: 1, max: 50 };
    const cfg = { kind: "float", min: 0, max: 100, step: 0.1 };
    expect(fitted(51.4, steps)).toBe(50);
    expect(nudged(6.5, 1, cfg)).toBe(6.6);
    expect(nudged(0, -1, cfg)).toBe(0);
    expect(shown(6.5, cfg)).toBe("6.5");
    expect(shown(8, cfg)).toBe("8.0");
    expect(shown(0.125, cfg)).toBe("0.125");
    expect(grouped(8412077, steps).split("\u2009")).toEqual(["8", "412", "077"]);
    expect(grouped(1024, steps)).toBe("1024");
    expect(grouped(-12345.5, cfg)).toBe("-12\u2009345.5");
  });

  test("never leave the range, however they are nudged", () => {
    const widget = { kind: "float", min: -2, max: 3, step: 0.01 };
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }), fc.integer({ min: -1000, max: 1000 }), (value, by) => {
        const next = nudged(value, by, widget);
        expect(next).toBeGreaterThanOrEqual(-2);
        expect(next).toBeLessThanOrEqual(3);
      }),
    );
  });
});
