import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { testCatalog } from "../../testing/catalog";
import { run, open } from "../document/history";
import { setNodeField, setValue } from "../commands";
import type { Document, Json, Wire, WorkflowNode } from "../document/document";
import { flatten, Flattener } from "./flatten";
import { parseDocument } from "../format/format";
import { computedAnew, neededNodes } from "../runs/needed";
import { nextSeeds } from "../runs/seeds";
import { signatures, Signer } from "../runs/signature";
import { withSubgraphs } from "./subgraph";

/** Cases that the server's tests read too. */
const CASES = new URL("../../../../tests/graph/flat/", import.meta.url);

interface Case {
  readonly workflow: unknown;
  readonly nodes: Readonly<Record<string, { type: string; mode?: string; values: Record<string, Json> }>>;
  readonly wires: readonly string[][];
}

function caseOf(name: string): Case {
  return JSON.parse(readFileSync(new URL(name, CASES), "utf8")) as Case;
}

describe("a flat graph", () => {
  test.each(readdirSync(CASES))("is the server's: %s", (name) => {
    const { workflow, nodes, wires } = caseOf(name);
    const flat = flatten(parseDocument(workflow));
    expect(Object.fromEntries(Object.entries(flat.nodes).map(([id, { type, mode, values }]) => [id, { type, values, ...(mode && { mode }) }]))).toEqual(nodes);
    expect(Object.values(flat.wires).map(({ from, to }) => [...from, ...to]).toSorted()).toEqual(wires.toSorted());
  });

  test("knows what is inside each instance, as deep as it goes", () => {
    const { instances } = flatten(parseDocument(caseOf("nested.json").workflow));
    expect(instances.get("7")?.toSorted()).toEqual(["7/5/1", "7/5/2", "7/6"]);
    expect(instances.get("8/5")).toEqual(["8/5/1", "8/5/2"]);
  });

  test("of a document without instances is the document", () => {
    const document = parseDocument({ format: "wirebrush/1", nodes: { "1": { type: "A" } }, wires: [] });
    expect(flatten(document).nodes).toBe(document.nodes);
  });

  test("ends, however often definitions contain each other", () => {
    const nodes = (inner: string) => ({ "1": { type: inner }, "2": { type: inner } });
    const subgraphs = Object.fromEntries(
      Array.from({ length: 40 }, (_, level) => [`s${level}`, { nodes: nodes(level === 39 ? "X" : `subgraph:s${level + 1}`) }]),
    );
    const bomb = parseDocument({ format: "wirebrush/1", nodes: nodes("subgraph:s0"), subgraphs });
    expect(Object.keys(flatten(bomb).nodes).length).toBeLessThan(30_000);
  });
});

describe("a value changed in a document with subgraphs", () => {
  const nested = parseDocument(caseOf("nested.json").workflow);

  test("changes the signatures of what runs with it and below, and those are found again without the rest", () => {
    const flattener = new Flattener();
    const signer = new Signer();
    const before = signer.of(flattener.of(nested));
    const changed = run(open(nested), setValue, [{ node: "8", port: "start", value: 4 }]).document;
    const after = signer.of(flattener.of(changed));
    expect({ ...after }).toEqual({ ...signatures(changed) });
    // Instance 8's picture is wired into instance 7, so what is in that is stale as well.
    expect(Object.keys(after).filter((id) => after[id] !== before[id]).toSorted()).toEqual(
      ["10", "7/5/1", "7/5/2", "7/6", "8/5/1", "8/5/2", "8/6", "9"].toSorted(),
    );
    expect({ ...signer.of(flattener.of(nested)) }).toEqual({ ...before });
  });

  test("is free where the wire hides it", () => {
    const changed = run(open(nested), setValue, [{ node: "7", port: "start", value: 9 }]).document;
    expect(signatures(changed)).toEqual(signatures(nested));
  });
});

test("a long chain is signed anew at once when its last node changes, and all of it when its first does", () => {
  const count = 2000;
  const nodes: Record<string, WorkflowNode> = {};
  const wires: Wire[] = [];
  for (let id = 1; id <= count; id++) {
    nodes[id] = { type: "KSampler", at: [0, 0], values: { seed: id, steps: 20, cfg: 6, text: "a red house on a hill" } };
    for (const port of ["model", "latent_image"]) if (id > 1) wires.push({ from: [String(id - 1), "LATENT"], to: [String(id), port] });
  }
  const document = parseDocument({ format: "wirebrush/1", nodes, wires });
  const flattener = new Flattener();
  const signer = new Signer();
  const before = signer.of(flattener.of(document));
  const step = (state: Document, node: string, seed: number): Document => run(open(state), setValue, [{ node, port: "seed", value: seed }]).document;
  const times = Array.from({ length: 15 }, (_, round) => {
    const changed = step(document, String(count - 1), -round);
    const start = performance.now();
    signer.of(flattener.of(changed));
    return performance.now() - start;
  });
  // A millisecond on a machine with nothing else to do; the bound is one that a busy one keeps.
  expect(Math.min(...times)).toBeLessThan(500);
  const first = signer.of(flattener.of(step(document, "1", -1)));
  expect(Object.keys(first).filter((id) => first[id] !== before[id])).toHaveLength(count);
});

describe("what a run needs", () => {
  const types = (document: Document) => withSubgraphs(testCatalog(), document.subgraphs);
  const node = (type: string, more = {}) => ({ type, at: [0, 0], values: {}, ...more });
  const picture = (more: Record<string, object> = {}) =>
    parseDocument({
      format: "wirebrush/1",
      nodes: {
        "1": node("CheckpointLoaderSimple"),
        "2": node("subgraph:s"),
        "3": node("VAEDecode"),
        "4": node("SaveImage"),
        "9": node("CLIPTextEncode"),
        ...more,
      },
      wires: [
        { from: ["1", "MODEL"], to: ["2", "model"] },
        { from: ["2", "latent"], to: ["3", "samples"] },
        { from: ["1", "VAE"], to: ["3", "vae"] },
        { from: ["3", "IMAGE"], to: ["4", "images"] },
      ],
      subgraphs: {
        s: {
          name: "S",
          nodes: { "1": node("KSampler", { controls: { seed: "randomize" }, values: { seed: 3 } }), "2": node("Reroute") },
          wires: [{ from: ["1", "LATENT"], to: ["2", "value"] }],
          inputs: [
            { id: "model", name: "model", type: "MODEL", to: [["1", "model"]] },
            { id: "seed", name: "seed", type: "INT", to: [["1", "seed"]] },
          ],
          outputs: [{ id: "latent", name: "latent", type: "LATENT", from: ["2", "value"] }],
        },
      },
    });

  test("is what the sinks need, inside subgraphs too", () => {
    const document = picture();
    expect([...neededNodes(flatten(document), types(document))].toSorted()).toEqual(["1", "2/1", "2/2", "3", "4"]);
  });

  test("leaves out what cannot run because something is muted", () => {
    const document = picture({ "3": node("VAEDecode", { mode: "mute" }) });
    expect(neededNodes(flatten(document), types(document)).size).toBe(0);
  });

  test("sees through what is bypassed: only what it hands on counts", () => {
    const document = picture();
    const bypassed = run(open(document), setNodeField, { nodes: ["2"], field: "mode", value: "bypass" }, undefined, ["2"]).document;
    expect([...neededNodes(flatten(bypassed), types(bypassed))].toSorted()).toEqual(["1", "2/1", "3", "4"]);
  });

  test("counts seeds inside as drawn, unless an instance says otherwise", () => {
    const document = picture();
    const flat = flatten(document);
    expect([...computedAnew(flat, null)].toSorted()).toEqual(["2/1", "2/2", "3", "4"]);
    expect(nextSeeds(document)).toMatchObject([{ subgraph: "s", node: "1", port: "seed" }]);
    const fixed = run(open(document), setValue, [{ node: "2", port: "seed", value: 11 }]).document;
    expect(computedAnew(flatten(fixed), null)).toEqual(new Set());
    const own = picture({ "2": node("subgraph:s", { values: { seed: 5 }, controls: { seed: "increment" } }) });
    expect(computedAnew(flatten(own), null)).toContain("2/1");
    expect(nextSeeds(own)).toContainEqual({ subgraph: "", node: "2", port: "seed", value: 6 });
  });
});
