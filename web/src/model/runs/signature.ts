/**
 * A short text per node that changes when its result would: type, values, and what it is wired to.
 *
 * The server's recipe keys are the truth; these only let the page say "stale" before a run.
 */
import type { Document, Wire, WorkflowNode } from "../document/document";
import { flatten, type FlatGraph } from "../subgraphs/flatten";
import { toJson } from "../format/json";

/** By node, as it is called when it runs. */
export type Signatures = Readonly<Record<string, string>>;

export function signatures(document: Document): Signatures {
  return new Signer().of(flatten(document));
}

/** What stays while only values change. */
interface Structure {
  readonly wires: FlatGraph["wires"];
  /** Nodes with what they need before them; a circle's nodes come in any order. */
  readonly order: readonly string[];
  /** Without the wires that close circles. */
  readonly into: ReadonlyMap<string, readonly Wire[]>;
}

interface Signed {
  readonly node: WorkflowNode;
  /** Of what it is by itself. */
  readonly own: string;
  readonly signature: string;
}

/** Signs one document again and again: only what changed, and what is below it, is signed anew. */
export class Signer {
  #flat: FlatGraph | null = null;
  #structure: Structure | null = null;
  #signed = new Map<string, Signed>();
  #signatures: Signatures = {};

  of(flat: FlatGraph): Signatures {
    if (this.#flat === flat) return this.#signatures;
    this.#flat = flat;
    const old = this.#structure;
    const structure = old && isFor(old, flat) ? old : structureOf(flat);
    if (structure !== old) this.#signed = new Map();
    this.#structure = structure;
    const changed = this.#sign(flat, structure);
    const kept = structure === old ? this.#signatures : {};
    if (changed.size || structure !== old)
      this.#signatures = Object.assign(Object.create(null) as object, kept, Object.fromEntries(changed));
    return this.#signatures;
  }

  #sign(flat: FlatGraph, { order, into }: Structure): Map<string, string> {
    const changed = new Map<string, string>();
    for (const id of order) {
      const node = flat.nodes[id];
      const before = this.#signed.get(id);
      const wires = into.get(id) ?? [];
      if (!node || (before?.node === node && !wires.some(({ from }) => changed.has(from[0])))) continue;
      const own = before?.node === node ? before.own : ownSignature(node, flat.wires, id);
      const wired = wires.map(({ from, to }) => `${to[1]}=${from[1]}@${this.#signed.get(from[0])?.signature ?? ""}`);
      const signature = hash(`${own}\n${wired.toSorted().join("\n")}`);
      this.#signed.set(id, { node, own, signature });
      if (signature !== before?.signature) changed.set(id, signature);
    }
    return changed;
  }
}

/** Type, mode and the values that no wire covers. */
function ownSignature({ type, mode, values }: WorkflowNode, wires: FlatGraph["wires"], id: string): string {
  const free = Object.entries(values).filter(([name]) => !(`${id}\n${name}` in wires));
  return hash(toJson([type, mode ?? "", free.toSorted(([a], [b]) => (a < b ? -1 : 1))]));
}

function isFor({ wires, order }: Structure, flat: FlatGraph): boolean {
  if (wires !== flat.wires) return false;
  const ids = Object.keys(flat.nodes);
  return ids.length === order.length && order.every((id) => Object.hasOwn(flat.nodes, id));
}

function structureOf(flat: FlatGraph): Structure {
  const sources = Map.groupBy(Object.values(flat.wires), (wire) => wire.to[0]);
  const order = inOrder(Object.keys(flat.nodes), sources);
  const rank = new Map(order.map((id, index) => [id, index]));
  const forward = ({ from, to }: Wire): boolean => (rank.get(from[0]) ?? 0) < (rank.get(to[0]) ?? 0);
  return { wires: flat.wires, order, into: new Map([...sources].map(([id, wires]) => [id, wires.filter(forward)])) };
}

function inOrder(ids: readonly string[], sources: ReadonlyMap<string, readonly Wire[]>): string[] {
  const order: string[] = [];
  const seen = new Set<string>();
  const stack = ids.map((id) => ({ id, entered: false }));
  for (let top = stack.pop(); top; top = stack.pop()) {
    if (top.entered) order.push(top.id);
    else if (!seen.has(top.id)) {
      seen.add(top.id);
      stack.push({ id: top.id, entered: true });
      for (const wire of sources.get(top.id) ?? []) stack.push({ id: wire.from[0], entered: false });
    }
  }
  return order;
}

/** cyrb53: 53 bits are plenty to tell the states of one document apart. */
function hash(text: string): string {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return ((b & 0x1fffff) * 0x100000000 + (a >>> 0)).toString(36);
}
