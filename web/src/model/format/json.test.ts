import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { documentToJson, parseDocument, serialise } from "./format";
import { parseJson, toJson } from "./json";
import { testDocument } from "../../testing/document";

const LARGEST = 18_446_744_073_709_551_615n;

describe("JSON with whole numbers of any size", () => {
  it("keeps every digit of a 64-bit seed", () => {
    const text = '{"seed":18446744073709551615,"low":-9223372036854775807}';
    expect(parseJson(text)).toEqual({ seed: LARGEST, low: -9_223_372_036_854_775_807n });
    expect(toJson(parseJson(text))).toBe(text);
  });

  it("leaves numbers that fit as numbers", () => {
    const text = '[9007199254740991,0.1234567890123456789,1e300,"18446744073709551615"]';
    expect(parseJson(text)).toEqual([Number.MAX_SAFE_INTEGER, 0.123_456_789_012_345_68, 1e300, "18446744073709551615"]);
  });

  it("refuses what is not JSON", () => {
    expect(() => parseJson('{"a": 12345678901234567890')).toThrow(SyntaxError);
  });

  it("gives back any value that was written", () => {
    const whole = fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }).filter((value) => !Number.isSafeInteger(Number(value)));
    const value = fc.letrec((tie) => ({
      any: fc.oneof(whole, fc.integer(), fc.double({ noNaN: true, min: -9e15, max: 9e15 }).map((x) => x + 0), fc.string(), tie("list"), tie("map")),
      list: fc.array(tie("any"), { maxLength: 3 }),
      map: fc.dictionary(fc.string().filter((key) => key !== "__proto__"), tie("any"), { maxKeys: 3, noNullPrototype: true }),
    })).any;
    fc.assert(
      fc.property(value, (data) => {
        expect(parseJson(toJson(data))).toEqual(plainZero(data));
      }),
    );
  });

  it("holds for workflow files", () => {
    const document = testDocument();
    const sampler = document.nodes["3"]!;
    const seeded = { ...document, nodes: { ...document.nodes, "3": { ...sampler, values: { ...sampler.values, seed: LARGEST } } } };
    const text = serialise(seeded);
    expect(text).toContain('"seed": 18446744073709551615');
    expect(parseDocument(parseJson(text)).nodes["3"]!.values["seed"]).toBe(LARGEST);
    expect(toJson(documentToJson(seeded))).toContain("18446744073709551615");
  });
});

/** JSON has no negative zero. */
function plainZero(data: unknown): unknown {
  return JSON.parse(JSON.stringify(data, (_, value: unknown) => (typeof value === "bigint" ? `big ${value}` : value)), (_, value: unknown) =>
    typeof value === "string" && /^big -?\d+$/.test(value) ? BigInt(value.slice(4)) : value,
  );
}
