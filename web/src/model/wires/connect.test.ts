import { describe, expect, test } from "vitest";
import { testCatalog } from "../../testing/catalog";
import { testDocument } from "../../testing/document";
import { bestInput, refusal } from "./connect";

const catalog = testCatalog();

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
