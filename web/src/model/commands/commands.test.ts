import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anything, nestedDocument, type Action, type State } from "../../testing/actions";
import { testCatalog } from "../../testing/catalog";
import { testDocument } from "../../testing/document";
import { borderTypes, fedBy, handedOut, innerNodes, INPUTS, isBorder, OUTPUTS } from "../subgraphs/border";
import { copyText, pasteFrom } from "../clipboard/clipboard";
import * as commands from "./index";
import { emptyDocument, instanceType, subgraphOf, validScope, wireKey, type Document, type Graph } from "../document/document";
import { flatten } from "../subgraphs/flatten";
import { parseDocument, serialise } from "../format/format";
import { grouped, unpacked } from "../subgraphs/grouping";
import { open, redo, run, undo, type Editing } from "../document/history";
import { parseJson } from "../format/json";
import { merged } from "../clipboard/merging";
import { signatures } from "../runs/signature";
import { withSubgraphs } from "../subgraphs/subgraph";
import { unusedDefinitions, wouldContainItself } from "../subgraphs/uses";

const start = fc.constantFrom(testDocument(), nestedDocument(), emptyDocument("e", "Empty"));
const RUNS = { numRuns: 150 };

function after(document: Document, actions: readonly Action[], each: (state: State) => void = () => {}): State {
  let state: State = { editing: open(document), scope: [] };
  for (const act of actions) {
    const next = act(state);
    state = { ...next, scope: validScope(next.editing.document, next.scope) };
    each(state);
  }
  return state;
}

function all(editing: Editing, step: (editing: Editing) => Editing, left: (editing: Editing) => number): Editing {
  let state = editing;
  while (left(state)) state = step(state);
  return state;
}

/** What no command may ever break. */
function faultsOf(document: Document): string[] {
  const graphs: [string, Graph][] = [["", document], ...Object.entries(document.subgraphs)];
  return graphs.flatMap(([id, graph]) => [...wireFaults(graph), ...(id ? borderFaults(document, id) : rootFaults(graph))].map((fault) => `${id}: ${fault}`));
}

function wireFaults({ nodes, wires }: Graph): string[] {
  return Object.entries(wires).flatMap(([key, { from, to }]) => [
    ...(key === wireKey(to) ? [] : [`wire ${key} under another key`]),
    ...[from, to].flatMap(([node]) => (Object.hasOwn(nodes, node) ? [] : [`wire ${key} at ${node}, which is not there`])),
    ...(from[0] === OUTPUTS || to[0] === INPUTS || (isBorder(from[0]) && isBorder(to[0])) ? [`wire ${key} across the border`] : []),
  ]);
}

function rootFaults({ nodes }: Graph): string[] {
  return Object.keys(nodes).filter(isBorder);
}

function borderFaults({ subgraphs }: Document, id: string): string[] {
  const definition = subgraphs[id]!;
  const types = borderTypes(id);
  const known = { in: new Set(definition.inputs.map((port) => port.id)), out: new Set(definition.outputs.map((port) => port.id)) };
  return [
    ...(definition.nodes[INPUTS]?.type === types.inputs && definition.nodes[OUTPUTS]?.type === types.outputs ? [] : ["no border"]),
    ...(known.in.size === definition.inputs.length && known.out.size === definition.outputs.length ? [] : ["a port twice"]),
    ...Object.values(definition.wires).flatMap(({ from, to }) => [
      ...(from[0] === INPUTS && !known.in.has(from[1]) ? [`wire from port ${from[1]}, which is not there`] : []),
      ...(to[0] === OUTPUTS && !known.out.has(to[1]) ? [`wire to port ${to[1]}, which is not there`] : []),
    ]),
    ...(Object.values(definition.nodes).some(({ type }) => wouldContainItself(subgraphs, id, type)) ? ["contains itself"] : []),
  ];
}

describe("whatever is done, by any command, inside subgraphs too", () => {
  const actions = fc.array(anything, { maxLength: 30 });

  test("undone, gives the document that was opened; done again, the one that was reached", () => {
    fc.assert(
      fc.property(start, actions, (document, done) => {
        const { editing } = after(document, done);
        const back = all(editing, undo, ({ past }) => past.length);
        expect(back.document).toEqual(document);
        expect(serialise(back.document)).toBe(serialise(document));
        const again = all(back, redo, ({ future }) => future.length).document;
        expect(again).toEqual(editing.document);
        expect(serialise(again)).toBe(serialise(editing.document));
      }),
      RUNS,
    );
  });

  test("no wire dangles, no id is used twice, no border is lost, nothing contains itself", () => {
    fc.assert(
      fc.property(start, actions, (document, done) => {
        after(document, done, ({ editing }) => expect(faultsOf(editing.document)).toEqual([]));
      }),
      RUNS,
    );
  });

  test("is the same after saving and opening", () => {
    fc.assert(
      fc.property(start, actions, (document, done) => {
        const { editing } = after(document, done);
        expect(parseDocument(parseJson(serialise(editing.document)))).toEqual(editing.document);
      }),
      RUNS,
    );
  });
});

/** What has circles cannot run, so nothing is said about it. */
function isCircular(document: Document): boolean {
  const { nodes, wires } = flatten(document);
  const left = new Map(Object.keys(nodes).map((id) => [id, 0]));
  const users = Map.groupBy(Object.values(wires), ({ from }) => from[0]);
  for (const { to } of Object.values(wires)) left.set(to[0], (left.get(to[0]) ?? 0) + 1);
  const free = [...left].flatMap(([id, count]) => (count ? [] : [id]));
  for (const id of free)
    for (const { to } of users.get(id) ?? []) {
      left.set(to[0], (left.get(to[0]) ?? 0) - 1);
      if (left.get(to[0]) === 0) free.push(to[0]);
    }
  return free.length < left.size;
}

/** Independent of ids: the same things are computed if and only if these are the same. */
function computed(document: Document): string[] {
  return Object.values(signatures(document)).toSorted();
}

describe("what runs is the same", () => {
  const picks = fc.uniqueArray(fc.nat({ max: 9 }), { minLength: 1, maxLength: 6 });
  const types = (document: Document) => withSubgraphs(testCatalog(), document.subgraphs);
  const reached = fc.tuple(start, fc.array(anything, { maxLength: 12 })).map(([document, done]) => after(document, done)).filter(({ editing }) => !isCircular(editing.document));
  const chosen = (graph: Graph, indexes: readonly number[]): string[] => indexes.flatMap((index) => Object.keys(graph.nodes)[index] ?? []);

  test("after nodes are put into a subgraph, and after it is unpacked", () => {
    fc.assert(
      fc.property(reached, picks, ({ editing }, indexes) => {
        const { document } = editing;
        const made = grouped(document, document, types(document), { nodes: chosen(document, indexes) }, "Made");
        if (!made) return;
        const packed = run(editing, commands.groupNodes, made);
        expect(packed.past).toHaveLength(editing.past.length + 1);
        expect(computed(packed.document)).toEqual(computed(document));
        const back = run(packed, commands.unpackInstance, unpacked(packed.document, packed.document, made.instance)!);
        expect(computed(back.document)).toEqual(computed(document));
      }),
      RUNS,
    );
  });

  test("after any instance is unpacked: the values that it has are written in", () => {
    fc.assert(
      fc.property(reached, ({ editing }) => {
        const { document } = editing;
        for (const [id, node] of innerNodes(document)) {
          const made = unpacked(document, document, id);
          // A muted instance is one node that does not run; unpacked, each of its nodes is.
          if (!made || node.mode) continue;
          expect(computed(run(editing, commands.unpackInstance, made).document)).toEqual(computed(document));
        }
      }),
      RUNS,
    );
  });

  test("in another document into which all is pasted", () => {
    fc.assert(
      fc.property(reached, start, ({ editing }, other) => {
        const { document } = editing;
        const text = copyText({ document, within: "" }, { nodes: Object.keys(document.nodes) });
        const place = { document: { ...other, nodes: {}, wires: {} }, within: "" };
        const result = pasteFrom(text, place, [0, 0]);
        // A muted instance is one node of its definition's type, which may be called otherwise there.
        const off = Object.values(flatten(document).nodes).some(({ type, mode }) => mode && subgraphOf(type) !== null);
        if (!text || off || result?.kind !== "pasted") return;
        const pasted = run(open(place.document), commands.paste, result.content).document;
        expect(computed(pasted)).toEqual(computed(document));
        expect(faultsOf(pasted)).toEqual([]);
      }),
      RUNS,
    );
  });
});

describe("definitions from elsewhere", () => {
  const { subgraphs } = nestedDocument();

  test("that are the same are not brought twice", () => expect(Object.keys(merged(subgraphs, subgraphs).added)).toEqual([]));

  test("that differ get other ids and names, and what contains them follows", () => {
    const other = run(open(nestedDocument()), commands.setValue, [{ node: "1", port: "seed", value: 99 }], undefined, ["2", "4"]).document;
    const { added, ids } = merged(subgraphs, other.subgraphs);
    expect([...ids]).toEqual([["inner", "inner-2"], ["outer", "outer-2"]]);
    expect(added["outer-2"]?.nodes["4"]?.type).toBe(instanceType("inner-2"));
    expect(added["inner-2"]?.name).toBe("Inner 2");
    expect(merged({ ...subgraphs, ...added }, other.subgraphs).ids.get("outer")).toBe("outer-2");
  });

  test("are found again under another id if their content is the same", () => {
    const { inner } = subgraphs;
    const text = copyText({ document: nestedDocument(), within: "" }, { nodes: ["2"] }).replaceAll("inner", "core");
    const result = pasteFrom(text, { document: nestedDocument(), within: "" }, [0, 0]);
    expect(result?.kind === "pasted" && Object.keys(result.content.subgraphs)).toEqual([]);
    expect(inner).toBeDefined();
  });
});

describe("a port", () => {
  const document = nestedDocument();

  test("removed goes from all instances, with their wires and values; undo brings all of it back", () => {
    const editing = run(open(document), commands.removePort, { definition: "outer", side: "inputs", port: "seed" });
    expect(editing.document.nodes["2"]?.values).toEqual({});
    expect(Object.keys(editing.document.wires)).toEqual([wireKey(["2", "model"])]);
    expect(fedBy(editing.document.subgraphs["outer"]!, "seed")).toEqual([]);
    expect(undo(editing).document).toEqual(document);
  });

  test("renamed or moved keeps its id, and with it wires and values", () => {
    let editing = run(open(document), commands.renamePort, { definition: "outer", side: "inputs", port: "seed", name: "dice" });
    editing = run(editing, commands.movePort, { definition: "outer", side: "inputs", port: "seed", by: -1 });
    expect(editing.document.subgraphs["outer"]?.inputs).toMatchObject([{ id: "seed", name: "dice" }, { id: "model" }]);
    expect(computed(editing.document)).toEqual(computed(document));
  });

  test("keeps existing when what it was wired to goes", () => {
    const editing = run(open(document), commands.removeItems, { nodes: ["5", INPUTS, OUTPUTS] }, undefined, ["2"]);
    const outer = editing.document.subgraphs["outer"]!;
    expect(outer.outputs).toMatchObject([{ id: "latent" }]);
    expect(handedOut(outer, "latent")).toBeUndefined();
    expect(Object.keys(outer.nodes).toSorted()).toEqual([INPUTS, OUTPUTS, "4"].toSorted());
  });

  test("is made of equal sources once", () => {
    const picture = testDocument();
    const made = grouped(picture, picture, testCatalog(), { nodes: ["2", "3", "4"] }, "Made")!;
    // The model, the clip and the vae come in; three wires from one checkpoint, but from three outputs.
    expect(made.definition.inputs.map(({ id, type }) => [id, type])).toEqual([["clip", "CLIP"], ["model", "MODEL"], ["vae", "VAE"]]);
    const twice = run(open(picture), commands.connect, { from: ["2", "CONDITIONING"], to: ["3", "negative"] }).document;
    const sampler = grouped(twice, twice, testCatalog(), { nodes: ["3"] }, "Made")!;
    expect(sampler.definition.inputs).toHaveLength(2);
    expect(fedBy(sampler.definition, "positive")).toEqual([["3", "positive"], ["3", "negative"]]);
  });

  test("that would be called like another also says at which node it is", () => {
    const picture = testDocument();
    const [words, sampler] = [picture.nodes["2"]!, picture.nodes["3"]!];
    const avoid = { ...words, title: "What to avoid" };
    const nodes = { ...picture.nodes, "6": { ...avoid, at: [300, 400] as const }, "7": { ...avoid, at: [300, 600] as const }, "8": { ...sampler, at: [600, 600] as const } };
    let editing = open({ ...picture, nodes });
    for (const id of ["6", "7"]) editing = run(editing, commands.connect, { from: ["1", "CLIP"], to: [id, "clip"] });
    editing = run(editing, commands.connect, { from: ["6", "CONDITIONING"], to: ["3", "negative"] });
    const wired = run(editing, commands.connect, { from: ["7", "CONDITIONING"], to: ["8", "negative"] }).document;
    const { definition } = grouped(wired, wired, testCatalog(), { nodes: ["2", "6", "7"] }, "Prompts")!;
    expect(definition.outputs.map(({ name }) => name)).toEqual([
      "Words CONDITIONING",
      "What to avoid CONDITIONING",
      "What to avoid CONDITIONING 2",
    ]);
    expect(definition.inputs.map(({ name }) => name)).toEqual(["clip"]);
  });
});

test("a subgraph cannot be put into itself, however deep", () => {
  const document = nestedDocument();
  const text = copyText({ document, within: "" }, { nodes: ["2"] });
  expect(pasteFrom(text, { document, within: "inner" }, [0, 0])).toEqual({ kind: "recursion", name: "Outer" });
  expect(pasteFrom(text, { document, within: "outer" }, [0, 0])).toEqual({ kind: "recursion", name: "Outer" });
  expect(pasteFrom(copyText({ document, within: "outer" }, { nodes: ["4"] }), { document, within: "outer" }, [0, 0])?.kind).toBe("pasted");
});

test("definitions that nothing uses are deleted, those inside of used ones are kept", () => {
  const document = nestedDocument();
  expect(unusedDefinitions(document)).toEqual([]);
  const editing = run(open(document), commands.removeItems, { nodes: ["2", "3"] });
  expect(unusedDefinitions(editing.document)).toEqual(["inner", "outer"]);
  expect(run(editing, commands.removeUnused, null).document.subgraphs).toEqual({});
});

describe("pasting with wires", () => {
  const document = testDocument();
  const text = copyText({ document, within: "" }, { nodes: ["3"] });
  const wiresOf = (at: Document, keep: boolean) => {
    const result = pasteFrom(text, { document: at, within: "" }, [0, 0], { keepWires: keep });
    return result?.kind === "pasted" ? result.content.wires : null;
  };

  test("keeps those that come in, in the same document, and only there", () => {
    expect(wiresOf(document, true)).toEqual([
      { from: ["1", "MODEL"], to: ["6", "model"] },
      { from: ["2", "CONDITIONING"], to: ["6", "positive"] },
    ]);
    expect(wiresOf(document, false)).toEqual([]);
    expect(wiresOf({ ...document, id: "other" }, true)).toEqual([]);
  });
});

test("ten thousand steps can be undone and stay small", () => {
  let editing = open(testDocument());
  const before = process.memoryUsage().heapUsed;
  for (let step = 0; step < 10_000; step++) editing = run(editing, commands.setValue, [{ node: "3", port: "seed", value: step + 10 }]);
  const megabytes = (process.memoryUsage().heapUsed - before) / 1e6;
  expect(editing.past).toHaveLength(10_000);
  expect(megabytes).toBeLessThan(200); // garbage counts too, so this only finds copies of the document
  expect(all(editing, undo, ({ past }) => past.length).document).toEqual(testDocument());
});
