/** Random things that a person might do to a document: one kind for each command there is. */
import * as fc from "fast-check";
import { frameKey, noteKey } from "../model/layout/boxes";
import { INPUTS, isBorder, OUTPUTS, renamedDefinition } from "../model/subgraphs/border";
import { copyText, pasteFrom } from "../model/clipboard/clipboard";
import * as commands from "../model/commands";
import { definitionAt, graphAt, subgraphOf, type Document, type Graph, type Json, type Scope, type SubgraphPort } from "../model/document/document";
import { parseDocument } from "../model/format/format";
import { grouped, unpacked } from "../model/subgraphs/grouping";
import { run, type Command, type Editing } from "../model/document/history";
import { freshIds, freshKeys } from "../model/document/ids";
import { parseJson, toJson } from "../model/format/json";
import { nextSeeds } from "../model/runs/seeds";
import { withSubgraphs } from "../model/subgraphs/subgraph";
import { testCatalog } from "./catalog";
import { testDocument } from "./document";

export interface State {
  readonly editing: Editing;
  /** The canvas that is open. */
  readonly scope: Scope;
}

export type Action = (state: State) => State;

const TYPES = ["CheckpointLoaderSimple", "CLIPTextEncode", "KSampler", "VAEDecode", "SaveImage", "Nobody's"];
const INPUT_NAMES = ["model", "seed", "text", "samples", "a"];

const json = fc.jsonValue().map((value) => parseJson(toJson(value)) as Json);
const key = fc.constantFrom("seed", "text", "steps", "__proto__", "constructor");
const coordinate = fc.integer({ min: -900, max: 900 });
const point = fc.tuple(coordinate, coordinate);
const side = fc.constantFrom("inputs" as const, "outputs" as const);
const color = fc.option(fc.constantFrom("red", "blue"), { nil: undefined });
const name = fc.string({ minLength: 1, maxLength: 6 }).filter((text) => text.trim() !== "");

function graphOf({ editing, scope }: State): Graph {
  return graphAt(editing.document, scope);
}

function does<Args>(state: State, command: Command<Args>, args: Args, gesture?: string): State {
  return { ...state, editing: run(state.editing, command, args, gesture, state.scope) };
}

function pick<T>(items: readonly T[], index: number): T | undefined {
  return items[index % Math.max(1, items.length)];
}

/** Something is done with one of the things there are; nothing if there are none. */
function withOne(items: (graph: Graph, state: State) => readonly string[], act: (state: State, id: string) => State): fc.Arbitrary<Action> {
  return fc.nat().map((index): Action => (state) => {
    const id = pick(items(graphOf(state), state), index);
    return id === undefined ? state : act(state, id);
  });
}

const nodes = (graph: Graph): string[] => Object.keys(graph.nodes);
const inner = (graph: Graph): string[] => nodes(graph).filter((id) => !isBorder(id));
const wires = (graph: Graph): string[] => Object.keys(graph.wires);
const frames = (graph: Graph): string[] => Object.keys(graph.frames);
const notes = (graph: Graph): string[] => Object.keys(graph.notes);
const instances = (graph: Graph): string[] => inner(graph).filter((id) => subgraphOf(graph.nodes[id]?.type ?? "") !== null);
const items = (graph: Graph): string[] => [...nodes(graph), ...frames(graph).map(frameKey), ...notes(graph).map(noteKey)];
const definitions = (_: Graph, { editing }: State): string[] => Object.keys(editing.document.subgraphs);

function chained<T>(values: fc.Arbitrary<T>, make: (value: T) => fc.Arbitrary<Action>): fc.Arbitrary<Action> {
  return values.chain(make);
}

function onPort(act: (state: State, at: { definition: string; side: "inputs" | "outputs"; port: string }) => State): fc.Arbitrary<Action> {
  return fc.tuple(side, fc.nat()).chain(([where, index]) =>
    withOne(definitions, (state, definition) => {
      const ports: readonly SubgraphPort[] = state.editing.document.subgraphs[definition]?.[where] ?? [];
      const port = pick(ports, index);
      return port ? act(state, { definition, side: where, port: port.id }) : state;
    }),
  );
}

const addNode = fc.tuple(fc.constantFrom(...TYPES), point, json).map(([type, at, value]): Action => (state) => {
  const [id = ""] = freshIds(graphOf(state), 1);
  return does(state, commands.addNode, { id, node: { type, at, values: { v: value } } });
});

const connect = fc.tuple(fc.nat(), fc.nat(), fc.constantFrom("out", "MODEL"), fc.constantFrom(...INPUT_NAMES), fc.array(point, { maxLength: 2 })).map(
  ([from, to, output, input, knots]): Action =>
    (state) => {
      const graph = graphOf(state);
      const [source = "", target = ""] = [pick(nodes(graph), from), pick(nodes(graph), to)];
      const { inputs, outputs } = graph as Graph & { inputs?: SubgraphPort[]; outputs?: SubgraphPort[] };
      const start = source === INPUTS ? (pick(inputs ?? [], from)?.id ?? "+") : output;
      const end = target === OUTPUTS ? (pick(outputs ?? [], to)?.id ?? "+") : input;
      return does(state, commands.connect, { from: [source, start], to: [target, end], ...(knots.length && { knots }) });
    },
);

const paste = fc.tuple(fc.array(fc.nat(), { maxLength: 3 }), point, fc.boolean()).map(([chosen, at, keepWires]): Action => (state) => {
  const { document } = state.editing;
  const graph = graphOf(state);
  const place = { document, within: definitionAt(document, state.scope) ?? "" };
  const text = copyText(place, { nodes: chosen.flatMap((index) => pick(nodes(graph), index) ?? []), frames: frames(graph), notes: notes(graph).slice(0, 1) });
  const result = pasteFrom(text, place, at, { keepWires });
  return result?.kind === "pasted" ? does(state, commands.paste, result.content) : state;
});

const groupNodes = fc.tuple(fc.array(fc.nat(), { maxLength: 4 }), name).map(([chosen, title]): Action => (state) => {
  const { document } = state.editing;
  const graph = graphOf(state);
  const types = withSubgraphs(testCatalog(), document.subgraphs);
  const made = grouped(document, graph, types, { nodes: chosen.flatMap((index) => pick(nodes(graph), index) ?? []), frames: frames(graph).slice(0, 1) }, title);
  return made ? does(state, commands.groupNodes, made) : state;
});

const insertIntoWire = withOne(wires, (state, wire) => {
  const [id = ""] = freshIds(graphOf(state), 1);
  return does(state, commands.insertIntoWire, { wire, id, node: { type: "Reroute", at: [0, 0], values: {} }, passage: { input: "value", output: "value" } });
});

/** By the names of the commands: a new command without its kind of action does not compile. */
export const ACTIONS: Readonly<Record<keyof typeof commands, fc.Arbitrary<Action>>> = {
  addNode,
  connect,
  groupNodes,
  insertIntoWire,
  paste,
  addFrame: fc.tuple(point, name).map(([at, title]): Action => (state) => {
    const [id = ""] = freshKeys(graphOf(state).frames, 1);
    return does(state, commands.addFrame, { id, frame: { title, at, size: [200, 100] } });
  }),
  addNote: fc.tuple(point, name).map(([at, text]): Action => (state) => {
    const [id = ""] = freshKeys(graphOf(state).notes, 1);
    return does(state, commands.addNote, { id, note: { text, at, size: [200, 100] } });
  }),
  disconnect: withOne(wires, (state, wire) => does(state, commands.disconnect, { wires: [wire] })),
  makeUnique: withOne(instances, (state, node) => {
    const { subgraphs } = state.editing.document;
    const definition = subgraphs[subgraphOf(graphOf(state).nodes[node]?.type ?? "") ?? ""];
    const id = `copy${Object.keys(subgraphs).length}`;
    return definition ? does(state, commands.makeUnique, { node, id, definition: renamedDefinition(definition, id) }) : state;
  }),
  moveItems: chained(fc.tuple(point, fc.boolean()), ([at, drag]) => withOne(items, (state, item) => does(state, commands.moveItems, { [item]: at }, drag ? "drag" : undefined))),
  movePort: chained(fc.constantFrom(1 as const, -1 as const), (by) => onPort((state, at) => does(state, commands.movePort, { ...at, by }))),
  publishPort: chained(fc.tuple(side, name, fc.constantFrom(...INPUT_NAMES)), ([where, title, port]) =>
    withOne(nodes, (state, node) => {
      const definition = definitionAt(state.editing.document, state.scope) ?? "";
      return does(state, commands.publishPort, { definition, side: where, port: { name: title, type: "INT" }, end: [node, port] });
    }),
  ),
  removeItems: chained(fc.tuple(fc.boolean(), fc.boolean()), ([all, wired]) =>
    withOne(nodes, (state, node) => {
      const graph = graphOf(state);
      return does(state, commands.removeItems, { nodes: [node], ...(wired && { wires: wires(graph).slice(0, 1) }), ...(all && { frames: frames(graph), notes: notes(graph) }) });
    }),
  ),
  removePort: onPort((state, at) => does(state, commands.removePort, at)),
  removeUnused: fc.constant((state) => does(state, commands.removeUnused, null)),
  renameDocument: name.map((title): Action => (state) => does(state, commands.renameDocument, title)),
  renamePort: chained(name, (title) => onPort((state, at) => does(state, commands.renamePort, { ...at, name: title }))),
  renameSubgraph: chained(name, (title) => withOne(definitions, (state, definition) => does(state, commands.renameSubgraph, { definition, name: title }))),
  replaceDocument: fc.constantFrom(testDocument(), nestedDocument()).map((document): Action => (state) => ({ ...does(state, commands.replaceDocument, document), scope: [] })),
  resetInstances: withOne(instances, (state, id) => does(state, commands.resetInstances, [id])),
  resizeItem: chained(point, (size) => withOne(items, (state, item) => does(state, commands.resizeItem, { key: item, at: [0, 0], size }))),
  setColor: chained(color, (value) => withOne(items, (state, item) => does(state, commands.setColor, { items: [item], color: value }))),
  setControl: chained(fc.constantFrom("randomize" as const, "fixed" as const, "increment" as const), (control) =>
    withOne(inner, (state, node) => does(state, commands.setControl, { node, port: "seed", control })),
  ),
  setFrameTitle: chained(name, (title) => withOne(frames, (state, id) => does(state, commands.setFrameTitle, { id, title }))),
  setKnots: chained(fc.array(point, { maxLength: 3 }), (knots) => withOne(wires, (state, wire) => does(state, commands.setKnots, { wire, knots }))),
  setNodeField: chained(fc.option(fc.constantFrom("mute" as const, "bypass" as const), { nil: undefined }), (mode) =>
    withOne(nodes, (state, id) => does(state, commands.setNodeField, { nodes: [id], field: "mode", value: mode })),
  ),
  setNoteText: chained(fc.string(), (text) => withOne(notes, (state, id) => does(state, commands.setNoteText, { id, text }))),
  setSeeds: fc.constant((state) => does(state, commands.setSeeds, nextSeeds(state.editing.document))),
  setValue: chained(fc.tuple(key, json), ([port, value]) => withOne(inner, (state, node) => does(state, commands.setValue, [{ node, port, value }]))),
  showPort: chained(fc.boolean(), (shown) => withOne(inner, (state, node) => does(state, commands.showPort, { node, port: "seed", shown }))),
  swapInputs: fc.tuple(fc.nat(), fc.nat()).map(([a, b]): Action => (state) => {
    const graph = graphOf(state);
    const [first, second] = [pick(Object.values(graph.wires), a), pick(Object.values(graph.wires), b)];
    return first && second ? does(state, commands.swapInputs, { first: first.to, second: second.to }) : state;
  }),
  tidy: chained(point, (at) => withOne(nodes, (state, id) => does(state, commands.tidy, { places: { [id]: at }, frames: {} }))),
  unpackInstance: withOne(instances, (state, id) => {
    const made = unpacked(state.editing.document, graphOf(state), id);
    return made ? does(state, commands.unpackInstance, made) : state;
  }),
};

/** Into an instance, or up. */
const walk = fc.tuple(fc.boolean(), fc.nat()).map(([into, index]): Action => (state) => {
  const id = pick(instances(graphOf(state)), index);
  if (!into || id === undefined) return { ...state, scope: state.scope.slice(0, -1) };
  const scope = [...state.scope, id];
  return definitionAt(state.editing.document, scope) === null ? state : { ...state, scope };
});

export const anything: fc.Arbitrary<Action> = fc.oneof(...Object.values(ACTIONS), walk, walk, ACTIONS.groupNodes);

/** Two instances of a subgraph that has one inside, and values that look like parts of every object. */
export function nestedDocument(): Document {
  const sampler = { type: "KSampler", at: [0, 0], values: { seed: 5, "__proto__x": 1 }, controls: { seed: "randomize" } };
  return parseDocument({
    format: "wirebrush/1",
    id: "n",
    name: "Nested",
    nodes: {
      "1": { type: "CheckpointLoaderSimple", at: [0, 0], values: {} },
      "2": { type: "subgraph:outer", at: [300, 0], values: { seed: 9 } },
      "3": { type: "subgraph:outer", at: [300, 300], values: {} },
      constructor: JSON.parse('{"type":"SaveImage","at":[900,0],"values":{"__proto__":"kept"}}') as object,
    },
    wires: [
      { from: ["1", "MODEL"], to: ["2", "model"] },
      { from: ["2", "latent"], to: ["3", "seed"] },
    ],
    frames: [{ id: "1", title: "F", at: [0, 0], size: [100, 100] }],
    notes: [{ id: "1", text: "N", at: [0, 0], size: [100, 100] }],
    subgraphs: {
      inner: {
        name: "Inner",
        nodes: { "1": sampler },
        wires: [],
        inputs: [
          { id: "model", name: "model", type: "MODEL", to: [["1", "model"]] },
          { id: "seed", name: "seed", type: "INT", to: [["1", "seed"]] },
        ],
        outputs: [{ id: "latent", name: "latent", type: "LATENT", from: ["1", "LATENT"] }],
      },
      outer: {
        name: "Outer",
        nodes: { "4": { type: "subgraph:inner", at: [0, 0], values: {} }, "5": { type: "Reroute", at: [300, 0], values: {} } },
        wires: [{ from: ["4", "latent"], to: ["5", "value"], knots: [[3, 3]] }],
        inputs: [
          { id: "model", name: "model", type: "MODEL", to: [["4", "model"]] },
          { id: "seed", name: "seed", type: "INT", to: [["4", "seed"]] },
        ],
        outputs: [{ id: "latent", name: "latent", type: "LATENT", from: ["5", "value"] }],
      },
    },
  });
}
