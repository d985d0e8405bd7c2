import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { weighted } from "./weighting";

/** The text with `|` at the ends of the selection, weighted. */
function after(marked: string, by: number): string {
  const start = marked.indexOf("|");
  const end = marked.lastIndexOf("|");
  const text = marked.replaceAll("|", "");
  const made = weighted(text, start, start === end ? start : end - 1, by);
  if (!made) return marked;
  const whole = text.slice(0, made.from) + made.text + text.slice(made.to);
  return `${whole.slice(0, made.start)}|${whole.slice(made.start, made.end)}|${whole.slice(made.end)}`;
}

describe("prompt weights", () => {
  it.each([
    ["a r|ed house", 0.1, "a (|red|:1.1) house"],
    ["a (|red|:1.1) house", 0.1, "a (|red|:1.2) house"],
    ["a (|red|:1.1) house", -0.1, "a |red| house"],
    ["a |red house|", -0.1, "a (|red house|:0.9)"],
    ["a | red house, |tall", 0.1, "a  (|red house|:1.1), tall"],
    ["a |(red house:1.2)| b", 0.1, "a (|red house|:1.3) b"],
    ["(red |house:1.2)", 0.1, "(|red house|:1.3)"],
    ["(red house:1.2) t|ree", 0.1, "(red house:1.2) (|tree|:1.1)"],
    ["t|ree (red house:1.2)", 0.1, "(|tree|:1.1) (red house:1.2)"],
    ["schönes H|äuschen", 0.05, "schönes (|Häuschen|:1.05)"],
    ["a (r|ed) house", 0.1, "a (|red|:1.2) house"],
    ["a (r|ed) house", -0.1, "a |red| house"],
    ["a \\(r|ed\\) house", 0.1, "a \\((|red|:1.1)\\) house"],
    ["(|x|:0.05)", -0.1, "(|x|:0)"],
    ["(|x|:10)", 0.1, "(|x|:10)"],
  ])("%s by %d is %s", (marked, by, made) => expect(after(marked, by)).toBe(made));

  it("has nothing to weigh between words", () => {
    expect(weighted("a  b", 2, 2, 0.1)).toBeNull();
    expect(weighted("", 0, 0, 0.1)).toBeNull();
    expect(weighted("a , b", 1, 3, 0.1)).toBeNull();
  });

  it("goes back to what it was, wherever and however often", () => {
    const prompt = fc.array(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1, maxLength: 6 }).map((words) => words.join(" "));
    fc.assert(
      fc.property(prompt, fc.nat(40), fc.integer({ min: 1, max: 8 }), (text, place, times) => {
        let now = { text, at: Math.min(place, text.length) };
        for (const by of [...Array(times).fill(0.1), ...Array(times).fill(-0.1)]) {
          const made = weighted(now.text, now.at, now.at, by);
          if (!made) return;
          now = { text: now.text.slice(0, made.from) + made.text + now.text.slice(made.to), at: made.start };
        }
        expect(now.text).toBe(text);
      }),
    );
  });
});
