import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wireKey, type PortRef, type Wire } from "./document";
import { isUsed, wiringOf } from "./wiring";

const PORT = fc.tuple(fc.constantFrom("1", "2", "3"), fc.constantFrom("a", "b"));
const WIRES = fc
  .array(fc.record({ from: PORT, to: PORT }))
  .map((wires): Record<string, Wire> => Object.fromEntries(wires.map((wire) => [wireKey(wire.to), wire])));

describe("wiringOf", () => {
  it("says what a look at every wire says", () => {
    fc.assert(
      fc.property(WIRES, PORT, (wires, port: PortRef) => {
        const all = Object.values(wires);
        const { into, outOf } = wiringOf(wires);
        expect(into.get(port[0]) ?? []).toEqual(all.filter(({ to }) => to[0] === port[0]));
        expect(outOf.get(port[0]) ?? []).toEqual(all.filter(({ from }) => from[0] === port[0]));
        expect(isUsed(wires, port)).toBe(all.some(({ from }) => wireKey(from) === wireKey(port)));
      }),
    );
  });

  it("is worked out once for one state of the wires", () => {
    const wires = { "2\na": { from: ["1", "a"], to: ["2", "a"] } } as const;
    expect(wiringOf(wires)).toBe(wiringOf(wires));
  });
});
