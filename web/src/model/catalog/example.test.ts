import { describe, expect, it } from "vitest";
import { testCatalog } from "../../testing/catalog";
import { testDocument } from "../../testing/document";
import { inputOf } from "./catalog";
import { exampleOf, exampleWithin } from "./example";

const EMPTY = {
  ...testCatalog().spec("VAEDecode")!,
  id: "EmptyLatentImage",
  inputs: [{ name: "width", type: "INT", default: 128, widget: { kind: "int" } }],
  outputs: [{ name: "LATENT", type: "LATENT" }],
};
/** Takes two of what it gives two of, like the field's ControlNet node. */
const APPLY = {
  ...EMPTY,
  id: "Apply",
  inputs: [
    { name: "positive", type: "CONDITIONING" },
    { name: "negative", type: "CONDITIONING" },
    { name: "strength", type: "FLOAT", default: 1, widget: { kind: "float" } },
  ],
  outputs: [
    { name: "positive", type: "CONDITIONING" },
    { name: "negative", type: "CONDITIONING" },
  ],
};
const catalog = testCatalog().extended([EMPTY, APPLY]);

describe("an example of a node", () => {
  it("is the part of a workflow that it stands in, with the way to what is shown", () => {
    const document = testDocument();
    const more = { ...document, nodes: { ...document.nodes, "9": { type: "VAEDecode", at: [0, 0] as const, values: {} } } };
    const example = exampleWithin(more, catalog, "KSampler");
    expect(Object.keys(example?.nodes ?? {}).toSorted()).toEqual(["1", "2", "3", "4", "5"]);
    expect(Object.values(example?.wires ?? {})).toHaveLength(6);
    expect(exampleWithin(document, catalog, "Nothing")).toBeNull();
  });

  it.each(["VAEDecode", "KSampler", "CLIPTextEncode", "SaveImage", "CheckpointLoaderSimple", "Apply"])("of %s can be made up, whole", (type) => {
    const example = exampleOf(catalog.spec(type)!, catalog, "a red house");
    expect(Object.values(example.nodes).map((node) => node.type)).toContain(type);
    for (const [id, node] of Object.entries(example.nodes))
      for (const port of catalog.spec(node.type)!.inputs)
        if (!port.widget) expect(example.wires).toHaveProperty([`${id}\n${port.name}`]);
    for (const { from, to } of Object.values(example.wires)) {
      expect(example.nodes).toHaveProperty(from[0]);
      expect(inputOf(catalog.spec(example.nodes[to[0]]!.type), to[1])).toBeDefined();
    }
  });

  it("gives two texts where two are wanted, and one loader for all", () => {
    const types = Object.values(exampleOf(catalog.spec("Apply")!, catalog, "a red house").nodes).map(({ type }) => type);
    expect(types.filter((type) => type === "CLIPTextEncode")).toHaveLength(2);
    expect(types.filter((type) => type === "CheckpointLoaderSimple")).toHaveLength(1);
  });

  it("gives prompts something to say", () => {
    const example = exampleOf(catalog.spec("CLIPTextEncode")!, catalog, "a red house");
    expect(Object.values(example.nodes).some((node) => node.values["text"] === "a red house")).toBe(true);
  });
});
