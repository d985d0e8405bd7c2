import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { holds, holdsPoint, type Box } from "../../model/layout/boxes";
import type { Document, Point } from "../../model/document/document";
import { layoutOf } from "../../model/layout/geometry";
import { nearness } from "../../model/wires/wirepath";
import type { NodeRun } from "../../runtime/nodeRuns";
import { testCatalog } from "../../testing/catalog";
import { testDocument } from "../../testing/document";
import { detailAt, fitted } from "./detail";
import { hitAt } from "./hits";
import { markOf, picturesOf } from "./marks";
import { mapped, onCanvas, onMap, projectionOf } from "./miniature";
import { Palette } from "./palette";
import { boundsOf, boxOf, SceneMaker, type PlacedNode, type Scene } from "./scene";
import { Scenes } from "./scenes";
import { seenBox } from "./view";
import { partIn, windowFor } from "./window";

const NOBODY: ReadonlySet<string> = new Set();
const COORDINATE = fc.integer({ min: -2000, max: 4000 });
const POINT = fc.tuple(COORDINATE, COORDINATE);

/** The test document with its nodes elsewhere, as the flow would place them. */
function placedIn(document: Document): PlacedNode[] {
  const catalog = testCatalog();
  return Object.entries(document.nodes).flatMap(([id, node]) => {
    const spec = catalog.spec(node.type);
    return spec ? [{ id, position: { x: node.at[0], y: node.at[1] }, data: { spec, layout: layoutOf(spec, node), known: true } }] : [];
  });
}

function documentAt(places: readonly Point[]): Document {
  const document = testDocument();
  const nodes = Object.fromEntries(Object.entries(document.nodes).map(([id, node], index) => [id, { ...node, at: places[index] ?? node.at }]));
  const frames = { f: { title: "Row", at: [-100, -100], size: [900, 700] } as const };
  return { ...document, nodes, frames };
}

function sceneOf(document: Document): Scene {
  return new SceneMaker().from({ graph: document, placed: placedIn(document), moved: {}, carried: null });
}

const SCENE = fc.array(POINT, { minLength: 5, maxLength: 5 }).map((places) => sceneOf(documentAt(places)));

describe("a scene", () => {
  it("has every node, wire, frame and note of the graph", () => {
    const scene = sceneOf(testDocument());
    expect(scene.nodes.map(({ id, title }) => [id, title])).toContainEqual(["2", "Words"]);
    expect(scene.wires).toHaveLength(6);
    expect(scene.notes).toHaveLength(1);
    expect(boxOf(scene, "1")).toMatchObject({ left: 0, top: 0 });
    expect(boxOf(scene, "nobody")).toBeNull();
  });

  it("knows which nodes make results less exact", () => {
    const document = testDocument();
    const placed = placedIn(document).map((item) => (item.id === "3" ? { ...item, data: { ...item.data, spec: { ...item.data.spec, lossy: true } } } : item));
    const { nodes } = new SceneMaker().from({ graph: document, placed, moved: {}, carried: null });
    expect(nodes.filter(({ isLossy }) => isLossy).map(({ id }) => id)).toEqual(["3"]);
  });

  it("makes only what changed anew", () => {
    const document = testDocument();
    const maker = new SceneMaker();
    const placed = placedIn(document);
    const first = maker.from({ graph: document, placed, moved: {}, carried: null });
    const dragged = placed.map((item) => (item.id === "4" ? { ...item, position: { x: 950, y: 40 } } : item));
    const second = maker.from({ graph: document, placed: dragged, moved: {}, carried: null });
    const fresh = second.nodes.filter((node, index) => node !== first.nodes[index]);
    expect(fresh.map(({ id }) => id)).toEqual(["4"]);
    const redrawn = second.wires.filter((wire, index) => wire !== first.wires[index]);
    expect(redrawn.map(({ wire }) => [wire.from[0], wire.to[0]])).toEqual([["3", "4"], ["1", "4"], ["4", "5"]]);
  });

  it("carries knots along with a drag", () => {
    const document = testDocument();
    const [key = "", wire] = Object.entries(document.wires)[0] ?? [];
    const knotted = { ...document, wires: { ...document.wires, ...(wire && { [key]: { ...wire, knots: [[500, 500] as const] } }) } };
    const input = { graph: knotted, placed: placedIn(knotted), moved: {} };
    const still = new SceneMaker().from({ ...input, carried: null }).wires.find((item) => item.key === key);
    const carried = new SceneMaker().from({ ...input, carried: { by: [10, 20], wires: new Set([key]) } }).wires.find((item) => item.key === key);
    expect(still?.curves[0]?.to).toEqual([500, 500]);
    expect(carried?.curves[0]?.to).toEqual([510, 520]);
  });

  it("is made when it is asked for, once for each state", () => {
    const document = testDocument();
    const scenes = new Scenes();
    const input = { graph: document, placed: placedIn(document), moved: {}, carried: null };
    scenes.update(input);
    const scene = scenes.now();
    scenes.update({ ...input });
    expect(scenes.now()).toBe(scene);
    scenes.update({ ...input, moved: { x: [0, 0] } });
    expect(scenes.now()).not.toBe(scene);
  });
});

describe("a hit", () => {
  it("is the topmost node whose box holds the point", () => {
    fc.assert(
      fc.property(SCENE, POINT, (scene, point) => {
        const hit = hitAt(scene, point, 6, NOBODY);
        const under = scene.nodes.filter(({ box }) => holdsPoint(box, point));
        if (under.length) expect(hit).toEqual({ kind: "node", id: under.at(-1)?.id });
        else expect(hit?.kind).not.toBe("node");
      }),
    );
  });

  it("prefers nodes that are raised", () => {
    const scene = sceneOf(documentAt([[0, 0], [0, 0], [0, 0], [0, 0], [0, 0]]));
    expect(hitAt(scene, [20, 20], 6, new Set(["2"]))).toEqual({ kind: "node", id: "2" });
  });

  it("is the nearest wire within reach, where no node is", () => {
    fc.assert(
      fc.property(SCENE, POINT, fc.integer({ min: 1, max: 60 }), (scene, point, reach) => {
        const hit = hitAt(scene, point, reach, NOBODY);
        if (hit?.kind === "node" || hit?.kind === "note") return;
        const nearest = Math.min(...scene.wires.map(({ curves }) => nearness(curves, point).distance));
        expect(hit?.kind === "wire").toBe(nearest <= reach);
        const found = scene.wires.find(({ key }) => key === hit?.id);
        if (found) expect(nearness(found.curves, point).distance).toBe(nearest);
      }),
    );
  });

  it("takes a frame by its title row and lets its inside through", () => {
    const scene = sceneOf(documentAt([[5000, 0], [5000, 300], [5000, 600], [5000, 900], [5000, 1200]]));
    expect(hitAt(scene, [700, -90], 4, NOBODY)).toEqual({ kind: "frame", id: "frame/f" });
    expect(hitAt(scene, [700, 550], 4, NOBODY)).toBeNull();
  });
});

describe("the window", () => {
  const SIGHT = fc.record({
    x: COORDINATE,
    y: COORDINATE,
    zoom: fc.double({ min: 0.02, max: 2.5, noNaN: true }),
    width: fc.integer({ min: 1, max: 3000 }),
    height: fc.integer({ min: 1, max: 2000 }),
  });

  it("holds what is seen, and stays while it does", () => {
    fc.assert(
      fc.property(SIGHT, fc.option(SIGHT), (sight, earlier) => {
        const old: Box | null = earlier && windowFor(earlier, null);
        const made = windowFor(sight, old);
        expect(holds(made, seenBox(sight))).toBe(true);
        expect(windowFor(sight, made)).toBe(made);
      }),
    );
  });

  it("has both ends of every wire in it", () => {
    fc.assert(
      fc.property(SCENE, POINT, (scene, [left, top]) => {
        const part = partIn(scene, { left, top, right: left + 800, bottom: top + 500 });
        for (const { key, wire } of scene.wires)
          if (part.wires.has(key)) expect(part.items.has(wire.from[0]) && part.items.has(wire.to[0])).toBe(true);
      }),
    );
  });
});

describe("what can be made out", () => {
  it("is more the nearer one comes", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.02, max: 0.5, noNaN: true }), fc.double({ min: 0.02, max: 0.5, noNaN: true }), (a, b) => {
        const [far, near] = [detailAt(Math.min(a, b)), detailAt(Math.max(a, b))];
        for (const name of ["ports", "fields", "words", "round", "pictures"] as const) expect(Number(near[name])).toBeGreaterThanOrEqual(Number(far[name]));
        if (far.title) expect(near.title).toBeGreaterThan(0);
      }),
    );
  });

  it("titles are legible or left out", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.02, max: 0.5, noNaN: true }), (zoom) => {
        const { title } = detailAt(zoom);
        if (title) expect(title * zoom).toBeGreaterThanOrEqual(6.5);
      }),
    );
    expect(detailAt(0.05).title).toBe(0);
    expect(detailAt(0.4).title * 0.4).toBeCloseTo(11);
  });

  it("a title is cut to its room", () => {
    expect(fitted("KSampler", 80, 100)).toBe("KSampler");
    expect(fitted("KSampler", 80, 45)).toBe("KSa…");
    expect(fitted("KSampler", 80, 20)).toBe("");
  });
});

describe("the small map", () => {
  it("leads from the canvas to the map and back", () => {
    fc.assert(
      fc.property(SCENE, POINT, (scene, point) => {
        const all = mapped(scene, { left: 0, top: 0, right: 100, bottom: 100 });
        const projection = projectionOf(all, 200, 140);
        const [x, y] = onCanvas(onMap(point, projection), projection);
        expect(x).toBeCloseTo(point[0], 4);
        expect(y).toBeCloseTo(point[1], 4);
        const [left, top] = onMap([all.left, all.top], projection);
        const [right, bottom] = onMap([all.right, all.bottom], projection);
        expect(left >= 0 && top >= 0 && right <= 200 && bottom <= 140).toBe(true);
        expect(holds(all, boundsOf(scene) ?? all)).toBe(true);
      }),
    );
  });
});

describe("a node from afar", () => {
  const document = testDocument();
  const node = document.nodes["5"] ?? { type: "", at: [0, 0], values: {} };
  const run: NodeRun = { job: "j", state: "done", outputs: [{ kind: "output", asset: "a", mime: "image/png", name: "a.png", width: 8, height: 8, text: null }], signature: "s" };
  const spec = testCatalog().spec("SaveImage");

  it("says whether it runs, failed, or is done as it is now", () => {
    const seen = { node, runs: { "5": run }, names: ["5"], failing: false, signatures: { "5": "s" } };
    expect(markOf({ ...seen, runs: {} }).kind).toBe("idle");
    expect(markOf({ ...seen, runs: { "5": { ...run, state: "running", value: 5, total: 20 } } })).toEqual({ kind: "running", part: 0.25 });
    expect(markOf({ ...seen, failing: true }).kind).toBe("error");
    expect(markOf(seen).kind).toBe("done");
    expect(markOf({ ...seen, signatures: { "5": "changed" } }).kind).toBe("idle");
  });

  it("is as far as all that is inside it", () => {
    const half: NodeRun = { ...run, state: "running", value: 10, total: 20 };
    const inside = { node, names: ["7/1", "7/2"], failing: false, signatures: { "7/1": "s", "7/2": "s" } };
    expect(markOf({ ...inside, runs: { "7/1": run, "7/2": half } })).toEqual({ kind: "running", part: 0.75 });
    expect(markOf({ ...inside, runs: { "7/1": run, "7/2": run } }).kind).toBe("done");
    expect(markOf({ ...inside, runs: { "7/1": run, "7/2": { ...run, state: "stopped" } } }).kind).toBe("idle");
  });

  it("shows its preview while it runs, else what it made", () => {
    if (!spec) throw new Error("the test catalog has it");
    const shown = { node, spec, running: false, outputs: run.outputs, preview: undefined, uploads: {} };
    expect(picturesOf(shown)).toEqual(["/v1/assets/a/thumbnail?size=160"]);
    expect(picturesOf({ ...shown, preview: "blob:1", running: true })).toEqual(["blob:1"]);
    expect(picturesOf({ ...shown, preview: "blob:1" })).toEqual(["/v1/assets/a/thumbnail?size=160"]);
    expect(picturesOf({ ...shown, outputs: [] })).toEqual([]);
  });
});

it("a palette reads each token once and leaves other colours alone", () => {
  const asked: string[] = [];
  const palette = new Palette((token) => {
    asked.push(token);
    return ` #123 `;
  });
  expect([palette.color("--panel"), palette.color("var(--panel)"), palette.color("#abc")]).toEqual(["#123", "#123", "#abc"]);
  expect(asked).toEqual(["--panel"]);
});
