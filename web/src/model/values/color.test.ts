import { describe, expect, it } from "vitest";
import { colorText, isColor, parseColor } from "./color";
import { unitOf } from "./units";

describe("colours", () => {
  it.each([
    ["fff", "#ffffff"],
    ["#F74", "#ff7744"],
    [" #Ff7A45 ", "#ff7a45"],
    ["rgb(255, 122, 69)", "#ff7a45"],
    ["255 122 69", "#ff7a45"],
  ])("%j is %s", (text, color) => expect(parseColor(text)).toBe(color));

  it.each(["", "#ff", "red", "256 0 0", "#12345g", "1 2"])("%j is none", (text) => expect(parseColor(text)).toBeNull());

  it("are shown the same from numbers and texts", () => {
    expect(colorText(0xff_7a_45)).toBe("#ff7a45");
    expect(colorText(5)).toBe("#000005");
    expect(colorText(-1)).toBe("#000000");
    expect(colorText("#123456")).toBe("#123456");
    expect(colorText(undefined)).toBe("");
  });

  it("are known by their widget, or by a name and the bounds of a colour", () => {
    expect(isColor({ name: "tint", type: "STRING", widget: { kind: "color" } })).toBe(true);
    expect(isColor({ name: "color", type: "INT", widget: { kind: "int", min: 0, max: 0xff_ff_ff } })).toBe(true);
    expect(isColor({ name: "color", type: "INT", widget: { kind: "int", min: 0, max: 10 } })).toBe(false);
    expect(isColor({ name: "steps", type: "INT", widget: { kind: "int", min: 0, max: 0xff_ff_ff } })).toBe(false);
  });
});

describe("units", () => {
  const port = (name: string, kind: string, help = "") => ({ name, type: "INT", help, widget: { kind } });

  it("are said by the help or by the name", () => {
    expect(unitOf(port("width", "int"))).toBe("px");
    expect(unitOf(port("upscale_width", "int"))).toBe("px");
    expect(unitOf(port("time", "float", "How long, in seconds."))).toBe("s");
    expect(unitOf(port("turn", "float", "Angle in degrees."))).toBe("°");
    expect(unitOf(port("batch_size", "int", "How many at once."))).toBe("");
    expect(unitOf(port("width", "text"))).toBe("");
  });
});
