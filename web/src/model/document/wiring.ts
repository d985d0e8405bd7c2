/** Which wires start and end where, worked out once for each state of a graph's wires. */
import { wireKey, type Graph, type NodeId, type PortRef, type Wire } from "./document";

export interface Wiring {
  readonly into: ReadonlyMap<NodeId, readonly Wire[]>;
  readonly outOf: ReadonlyMap<NodeId, readonly Wire[]>;
  /** Outputs that a wire starts at, as `wireKey` names ports. */
  readonly used: ReadonlySet<string>;
}

const KNOWN = new WeakMap<Graph["wires"], Wiring>();

/** Wires are immutable, so what was worked out for them holds as long as they are there. */
export function wiringOf(wires: Graph["wires"]): Wiring {
  const known = KNOWN.get(wires);
  if (known) return known;
  const all = Object.values(wires);
  const made = {
    into: Map.groupBy(all, ({ to }) => to[0]),
    outOf: Map.groupBy(all, ({ from }) => from[0]),
    used: new Set(all.map(({ from }) => wireKey(from))),
  };
  KNOWN.set(wires, made);
  return made;
}

/** Whether a wire starts at an output. */
export function isUsed(wires: Graph["wires"], output: PortRef): boolean {
  return wiringOf(wires).used.has(wireKey(output));
}
