import { describe, expect, test } from "vitest";
import { testDocument } from "../../testing/document";
import { copyText, pasteFrom, type Place } from "./clipboard";
import type { Point } from "../document/document";
import { freshIds } from "../document/ids";
import { serialise } from "../format/format";

describe("a copy", () => {
  const pastedBy = (place: Place, nodes: string[], at: Point) => {
    const result = pasteFrom(copyText(place, { nodes }), place, at);
    return result?.kind === "pasted" ? result.content : null;
  };

  test("keeps values, titles and inner wires under new ids", () => {
    const document = testDocument();
    const pasted = pastedBy({ document, within: "" }, ["2", "3"], [1000, 500]);
    expect(pasted?.nodes["6"]).toEqual({ ...document.nodes["2"], at: [1000, 500] });
    expect(pasted?.nodes["7"]).toEqual({ ...document.nodes["3"], at: [1300, 500] });
    expect(pasted?.wires).toEqual([{ from: ["6", "CONDITIONING"], to: ["7", "positive"] }]);
  });

  test.each(["", "hello", "{", "{}", '{"format":"wirebrush/1","nodes":{}}', "[1]"])("is not made of %j", (text) =>
    expect(pasteFrom(text, { document: testDocument(), within: "" }, [0, 0])).toBeNull(),
  );

  test("is made of a whole workflow only where that is wanted", () => {
    const place = { document: testDocument(), within: "" };
    const text = serialise(testDocument());
    expect(pasteFrom(text, place, [0, 0])).toBeNull();
    const whole = pasteFrom(text, place, [0, 0], { whole: true });
    expect(whole?.kind === "pasted" && Object.keys(whole.content.nodes)).toHaveLength(5);
  });

  test("gets ids that nothing uses", () => {
    const document = testDocument();
    const odd = { ...document, nodes: { ...document.nodes, "12": document.nodes["1"]!, name: document.nodes["1"]! } };
    expect(freshIds(odd, 2)).toEqual(["13", "14"]);
  });
});
