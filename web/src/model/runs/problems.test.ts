import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { indexOf, NO_PROBLEMS, placeOf, problemKey, type Problem } from "./problems";

function problem(code: string, node: string | null = "1", more: Partial<Problem> = {}): Problem {
  return { code, message: `${code} of ${node}`, hint: "", node, port: null, severity: "error", ...more };
}

const NOTHING = new Set<string>();

describe("problems in one list", () => {
  it("are those of the check, and those that only a run finds", () => {
    const ran = [problem("missing_input"), problem("out_of_memory", "2")];
    const before = indexOf({ checked: null, ran, dismissed: NOTHING });
    expect(before.all).toHaveLength(2);
    expect([...before.loud]).toEqual(["1", "2"]);
    const after = indexOf({ checked: [problem("wrong_value", "3")], ran, dismissed: NOTHING }, before);
    expect(after.all.map(({ code }) => code)).toEqual(["out_of_memory", "wrong_value"]);
    expect([...after.loud]).toEqual(["2"]);
  });

  it("say each thing once, errors first", () => {
    const same = problem("wrong_value");
    const odd = problem("unknown_input", "1", { severity: "warning" });
    expect(indexOf({ checked: [odd, same], ran: [same], dismissed: NOTHING }).all).toEqual([same, odd]);
  });

  it("tell of a first attempt only what the last one does not say", () => {
    const first = problem("worker_exited", "4", { severity: "warning", message: "It used 400 MiB." });
    const last = problem("worker_exited", "4", { message: "It used 410 MiB." });
    const other = problem("worker_killed", "4", { severity: "warning" });
    expect(indexOf({ checked: null, ran: [first], dismissed: NOTHING }).all).toEqual([first]);
    expect(indexOf({ checked: [], ran: [first, other, last], dismissed: NOTHING }).all).toEqual([last, other]);
  });

  it("leave out dismissed warnings, never errors", () => {
    const odd = problem("left_out", "1", { severity: "warning" });
    const bad = problem("wrong_value");
    const index = indexOf({ checked: [odd, bad], ran: [], dismissed: new Set([odd, bad].map(problemKey)) });
    expect(index.all).toEqual([bad]);
    expect(index.dismissed).toBe(1);
  });

  it("keep the list of a node whose problems stay, so that only others are drawn anew", () => {
    const some = fc.array(fc.record({ code: fc.constantFrom("a", "b", "c"), node: fc.constantFrom("1", "2", null) }), { maxLength: 8 });
    fc.assert(
      fc.property(some, some, (first, second) => {
        const make = (list: typeof first): Problem[] => list.map(({ code, node }) => problem(code, node));
        const one = indexOf({ checked: make(first), ran: [], dismissed: NOTHING });
        const again = indexOf({ checked: make(first), ran: [], dismissed: NOTHING }, one);
        expect(again.all).toBe(one.all);
        expect(again.loud).toBe(one.loud);
        for (const [node, list] of Object.entries(one.byNode)) expect(again.byNode[node]).toBe(list);
        const other = indexOf({ checked: make(second), ran: [], dismissed: NOTHING }, one);
        expect(other).toEqual(indexOf({ checked: make(second), ran: [], dismissed: NOTHING }, NO_PROBLEMS));
      }),
    );
  });

  it("lead into subgraphs", () => {
    expect(placeOf({ node: "12/3" })).toEqual({ scope: ["12"], node: "3" });
    expect(placeOf({ node: "3" })).toEqual({ scope: [], node: "3" });
    expect(placeOf({ node: null })).toBeNull();
  });
});
