import { beforeEach, describe, expect, test } from "vitest";
import { frameKey } from "../model/layout/boxes";
import { setKnots } from "../model/commands";
import { wireKey, type Document } from "../model/document/document";
import { testCatalog } from "../testing/catalog";
import { testDocument } from "../testing/document";
import { addNodeAt, fitting, freePlace, insertable } from "./adding";
import type { Desk } from "./desk";
import { DocumentStore } from "./document";
import { Moving } from "./moving";
import { createSettingsStore } from "./settings";
import { createViewStore } from "./view";

let desk: Desk;
let moving: Moving;

function open(document: Document): void {
  const workspace = { documents: new DocumentStore(), view: createViewStore(), types: testCatalog() };
  const settings = createSettingsStore();
  settings.setState({ guides: false, snapToGrid: true });
  workspace.documents.open(document);
  desk = { workspace, settings, documents: workspace.documents, view: workspace.view, notify: () => {} };
  moving = new Moving(workspace, settings);
}

const at = (id: string) => desk.documents.graph.nodes[id]?.at;
const steps = () => desk.documents.store.getState().editing.past.length;

beforeEach(() => open(testDocument()));

describe("a drag", () => {
  test("changes the document once, when it ends, on the grid", () => {
    moving.to({ "2": [304, 7] }, false);
    moving.to({ "2": [317, 13] }, false);
    expect(at("2")).toEqual([300, 0]);
    expect(desk.view.getState().moved["2"]).toEqual([319, 11]);
    moving.end();
    expect(at("2")).toEqual([319, 11]);
    expect(steps()).toBe(1);
    expect(desk.view.getState()).toMatchObject({ moved: {}, guides: [], carried: null, target: null });
  });

  test("moves all by as much as the first, so that they keep their order", () => {
    moving.to({ "2": [311, 0], "3": [999, 999] }, false);
    moving.end();
    expect([at("2"), at("3")]).toEqual([[308, 0], [608, 0]]);
  });

  test("catches on what is in line, unless it is free", () => {
    desk.settings.setState({ guides: true });
    moving.to({ "2": [300, 303] }, false);
    moving.to({ "2": [3, 303] }, false);
    expect(desk.view.getState().moved["2"]?.[0]).toBe(0);
    expect(desk.view.getState().guides).toContainEqual(expect.objectContaining({ axis: "x", at: 0 }));
    moving.to({ "2": [3, 303] }, true);
    expect(desk.view.getState()).toMatchObject({ moved: { "2": [3, 303] }, guides: [] });
  });

  test("takes along what stands on a frame, and the knots between", () => {
    const key = wireKey(["3", "positive"]);
    open({ ...testDocument(), frames: { f: { title: "", at: [242, -44], size: [700, 500] } } });
    desk.documents.run(setKnots, { wire: key, knots: [[550, 50]] });
    moving.to({ [frameKey("f")]: [243, 178] }, false);
    expect(desk.view.getState().carried).toEqual({ by: [0, 220], wires: new Set([key]) });
    moving.end();
    expect(at("2")).toEqual([300, 220]);
    expect(at("1")).toEqual([0, 0]);
    expect(desk.documents.graph.wires[key]?.knots).toEqual([[550, 270]]);
  });

  test("given up leaves everything where it was", () => {
    moving.to({ "2": [900, 900] }, false);
    moving.cancel();
    moving.end();
    expect(at("2")).toEqual([300, 0]);
    expect(steps()).toBe(0);
  });

  test("of an unwired node onto a wire that fits puts it in, in one step", () => {
    const { nodes, ...rest } = testDocument();
    open({ ...rest, nodes: { ...nodes, "9": { type: "Reroute", at: [1000, 600], values: {} } } });
    moving.to({ "9": [1000, 590] }, true);
    expect(desk.view.getState().target).toBeNull();
    moving.to({ "9": [1080, 40] }, true);
    expect(desk.view.getState().target).toBe(wireKey(["5", "images"]));
    moving.end();
    expect(desk.documents.graph.wires[wireKey(["5", "images"])]?.from[0]).toBe("9");
    expect(desk.documents.graph.wires[wireKey(["9", "value"])]?.from).toEqual(["4", "IMAGE"]);
    expect(steps()).toBe(1);
    desk.documents.undo();
    expect(at("9")).toEqual([1000, 600]);
  });
});

describe("a new node", () => {
  const images = { node: "4", port: "IMAGE", side: "output", type: "IMAGE" } as const;

  test("goes where it is put, selected, and is remembered", () => {
    const id = addNodeAt(desk, "KSampler", [5, 6]);
    expect(at(id ?? "")).toEqual([5, 6]);
    expect(desk.view.getState().nodes).toEqual(new Set([id]));
    expect(desk.settings.getState().recents[0]).toBe("KSampler");
    addNodeAt(desk, "VAEDecode", [5, 6]);
    addNodeAt(desk, "KSampler", [5, 6]);
    expect(desk.settings.getState().recents.slice(0, 2)).toEqual(["KSampler", "VAEDecode"]);
  });

  test("of no known type is none", () => expect(addNodeAt(desk, "Nothing", null)).toBeNull());

  test("is wired to the port that asked for it", () => {
    const id = addNodeAt(desk, "SaveImage", [2000, 0], { wire: images });
    expect(desk.documents.graph.wires[wireKey([id ?? "", "images"])]?.from).toEqual(["4", "IMAGE"]);
    expect(steps()).toBe(1);
  });

  test("goes into the wire that it is dropped on", () => {
    const into = wireKey(["5", "images"]);
    const id = addNodeAt(desk, "Reroute", [1100, 60], { into }) ?? "";
    expect(desk.documents.graph.wires[into]?.from).toEqual([id, "value"]);
    expect(insertable(desk, "Nothing")).toBeNull();
  });

  test("without a place stands beside what is selected, over nothing", () => {
    desk.view.setState({ nodes: new Set(["4"]) });
    const first = freePlace(desk, [220, 100]);
    expect(first[0]).toBeGreaterThan(900 + 220);
    const before = freePlace(desk, [220, 100], "input");
    expect(before[0] + 220).toBeLessThan(900);
    expect(before[1]).toBeGreaterThan(0); // the sampler is there
  });

  test("is offered by how well it fits", () => {
    const types = testCatalog().types();
    expect(fitting(types, images).map(({ id }) => id)).toEqual(["SaveImage", "Reroute"]);
    expect(fitting(types, images, ["Reroute"]).map(({ id }) => id)).toEqual(["SaveImage", "Reroute"]);
    const latents = { node: "4", port: "samples", side: "input", type: "LATENT" } as const;
    expect(fitting(types, latents)[0]?.id).toBe("KSampler");
  });
});
