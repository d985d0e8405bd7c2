import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluate } from "./expression";
import { beyond, fitted, grouped, isSlidable, MAX_SEED, nextSeed, nudged, numeric, shown } from "./number";

const SEED = { kind: "seed", min: 0, max: MAX_SEED };
const STEPS = { kind: "int", min: 1, max: 10_000, step: 1 };
const CFG = { kind: "float", min: 0, max: 100, step: 0.1 };

describe("arithmetic in a number field", () => {
  it.each([
    ["512*1.5", 768],
    ["(768 + 64) / 2", 416],
    ["2+3*4", 14],
    ["-3 - -4", 1],
    ["0,5", 0.5],
    ["-3^2", -9],
    ["2^3^2", 512],
    ["2**10", 1024],
    ["1,5 * 2", 3],
    ["min(3, 1.5)", 1.5],
    ["max(1,2,3)", 3],
    ["sqrt(2)^2", 2.000_000_000_000_000_4],
    ["round(2 * pi)", 6],
    ["512 px", 512],
    ["50%", 0.5],
    ["90°", 90],
    ["2k", 2000],
    ["8 412 077", 8_412_077],
    ["1e3", 1000],
    [".5", 0.5],
    ["6 / 4", 1.5],
    ["512 × 2", 1024],
    ["2^64-1", MAX_SEED],
    ["18446744073709551615", MAX_SEED],
    ["18446744073709551615 - 18446744073709551600", 15],
  ])("%s is %s", (text, value) => expect(evaluate(text)).toBe(value));

  it.each(["", " ", "steps", "1 +", "(1", "1)", "1/0", "sqrt(-1)", "2^99999", "1..2", "min()", "constructor(1)", "alert(1)", "1 2", "9".repeat(600)])(
    "%j is nothing",
    (text) => expect(evaluate(text)).toBeNull(),
  );

  it("counts whole numbers exactly", () => {
    const part = fc.bigInt({ min: 0n, max: 2n ** 70n });
    fc.assert(
      fc.property(part, part, (a, b) => {
        expect(BigInt(evaluate(`${a} + ${b}`) ?? 0)).toBe(a + b);
        expect(BigInt(evaluate(`${a} - ${b}`) ?? 0)).toBe(a - b);
        expect(BigInt(evaluate(`${a} * ${b}`) ?? 0)).toBe(a * b);
      }),
    );
  });

  it("never fails, whatever is typed", () => {
    const typed = fc.string({ unit: fc.constantFrom(..."0123456789.,+-*/^()eEkpx%° sqrtminab") });
    fc.assert(fc.property(typed, (text) => ["number", "bigint", "object"].includes(typeof evaluate(text))));
  });
});

describe("a number in its field", () => {
  it("stays within its bounds", () => {
    expect(fitted(0, STEPS)).toBe(1);
    expect(fitted(2.6, STEPS)).toBe(3);
    expect(fitted(2n ** 65n, SEED)).toBe(MAX_SEED);
    expect(fitted(-5, SEED)).toBe(0);
    expect(fitted(2n ** 70n, CFG)).toBe(100);
    expect(fitted(7.25, CFG)).toBe(7.25);
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.bigInt(), fc.double({ noNaN: true, noDefaultInfinity: true })), (value) => {
        for (const widget of [STEPS, SEED, CFG]) expect(beyond(fitted(value, widget), widget)).toBeNull();
      }),
    );
  });

  it("says which bound a value is beyond", () => {
    expect(beyond(0, STEPS)).toBe("min");
    expect(beyond(10_001, STEPS)).toBe("max");
    expect(beyond(MAX_SEED + 1n, SEED)).toBe("max");
    expect(beyond(5, { kind: "int" })).toBeNull();
  });

  it("is nudged along its steps, however large", () => {
    expect(nudged(7.25, 1, CFG)).toBe(7.4);
    expect(nudged(20, -3, STEPS)).toBe(17);
    expect(nudged(MAX_SEED - 5n, 2, SEED)).toBe(MAX_SEED - 3n);
    expect(nudged(MAX_SEED, 1, SEED)).toBe(MAX_SEED);
    expect(nudged(Number.MAX_SAFE_INTEGER, 1, SEED)).toBe(9_007_199_254_740_992n);
    expect(nudged(9_007_199_254_740_992n, -1, SEED)).toBe(Number.MAX_SAFE_INTEGER);
  });

  it("counts seeds up, and from the last to the first", () => {
    expect(nextSeed(7)).toBe(8);
    expect(nextSeed(MAX_SEED)).toBe(0);
    expect(nextSeed(Number.MAX_SAFE_INTEGER)).toBe(9_007_199_254_740_992n);
  });

  it("is shown with the digits of its step, and all of its own", () => {
    expect(shown(1, CFG)).toBe("1.0");
    expect(shown(1.255, CFG)).toBe("1.255");
    expect(shown(MAX_SEED, SEED)).toBe("18446744073709551615");
    expect(grouped(MAX_SEED, SEED).replaceAll("\u2009", " ")).toBe("18 446 744 073 709 551 615");
    expect(grouped(8_412_077, SEED).replaceAll("\u2009", " ")).toBe("8 412 077");
  });

  it("comes back from what is shown", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: MAX_SEED }), (value) => {
        expect(evaluate(grouped(fitted(value, SEED), SEED))).toBe(numeric(value));
      }),
    );
  });

  it("has a slider where its bounds are near", () => {
    expect(isSlidable({ kind: "float", min: 0, max: 1, step: 0.01 })).toBe(true);
    expect(isSlidable({ kind: "float", min: -10, max: 10, step: 0.01 })).toBe(false);
    expect(isSlidable({ kind: "slider", min: 0, max: 1000 })).toBe(true);
    expect(isSlidable(STEPS)).toBe(false);
    expect(isSlidable({ kind: "float", min: 0 })).toBe(false);
  });

  it("keeps bounds, steps and digits", () => {
    const steps = { kind: "int", min: 1, max: 50 };
    const cfg = { kind: "float", min: 0, max: 100, step: 0.1 };
    expect(fitted(51.4, steps)).toBe(50);
    expect(nudged(6.5, 1, cfg)).toBe(6.6);
    expect(nudged(0, -1, cfg)).toBe(0);
    expect(shown(6.5, cfg)).toBe("6.5");
    expect(shown(8, cfg)).toBe("8.0");
    expect(shown(0.125, cfg)).toBe("0.125");
    expect(grouped(8412077, steps).split("\u2009")).toEqual(["8", "412", "077"]);
    expect(grouped(1024, steps)).toBe("1024");
    expect(grouped(-12345.5, cfg)).toBe("-12\u2009345.5");
  });

  it("never leaves the range, however it is nudged", () => {
    const widget = { kind: "float", min: -2, max: 3, step: 0.01 };
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }), fc.integer({ min: -1000, max: 1000 }), (value, by) => {
        const next = nudged(value, by, widget);
        expect(next).toBeGreaterThanOrEqual(-2);
        expect(next).toBeLessThanOrEqual(3);
      }),
    );
  });
});
