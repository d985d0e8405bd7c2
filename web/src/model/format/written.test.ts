import * as fc from "fast-check";
import { expect, it } from "vitest";
import { toJson } from "./json";
import { fileText } from "./written";

const PART = fc.dictionary(fc.string(), fc.jsonValue());
const FILE = fc.record({
  format: fc.constant("wirebrush/1"),
  nodes: fc.dictionary(fc.string(), PART),
  wires: fc.array(PART),
  frames: fc.array(PART),
  view: fc.option(fc.jsonValue(), { nil: undefined }),
});

it("is what JSON is, with one line per wire", () => {
  fc.assert(
    fc.property(FILE, (data) => {
      const text = fileText(data);
      expect(JSON.parse(text)).toEqual(JSON.parse(toJson(data)));
      const { wires: _, ...others } = data;
      const { wires: __, ...read } = JSON.parse(text) as typeof data;
      expect(fileText({ ...others, wires: [] })).toBe(`${toJson({ ...others, wires: [] }, 2)}\n`);
      expect(read).toEqual(JSON.parse(toJson(others)));
      for (const wire of data.wires) expect(text.split("\n")).toContainEqual(expect.stringContaining(`    ${toJson(wire)}`));
    }),
  );
});

it("writes a number of 64 bits digit by digit", () => {
  const nodes = { "1": { type: "KSampler", values: { seed: 18446744073709551615n } } };
  expect(fileText({ nodes, wires: [] })).toContain('"seed": 18446744073709551615');
});
