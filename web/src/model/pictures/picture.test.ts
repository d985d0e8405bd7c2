import { describe, expect, test } from "vitest";
import { workflowTextIn } from "./picture";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

function chunk(type: string, data: Uint8Array): number[] {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, data.length);
  return [...length, ...new TextEncoder().encode(type), ...data, 0, 0, 0, 0];
}

function png(...chunks: number[][]): ArrayBuffer {
  return new Uint8Array([...SIGNATURE, ...chunk("IHDR", new Uint8Array(13)), ...chunks.flat()]).buffer;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("a picture", () => {
  test("gives the workflow in it, among other texts", () => {
    const file = png(chunk("tEXt", utf8("prompt\0{}")), chunk("tEXt", utf8('wirebrush\0{"format":"wirebrush/1"}')));
    expect(workflowTextIn(file)).toBe('{"format":"wirebrush/1"}');
  });

  test("may say it in any script", () => {
    const file = png(chunk("iTXt", utf8('wirebrush\0\0\0en\0\0{"name":"明信片"}')));
    expect(workflowTextIn(file)).toBe('{"name":"明信片"}');
  });

  test("without one gives nothing, nor does what is no picture", () => {
    expect(workflowTextIn(png(chunk("tEXt", utf8("other\0text"))))).toBeNull();
    expect(workflowTextIn(utf8("GIF89a").buffer as ArrayBuffer)).toBeNull();
    expect(workflowTextIn(new ArrayBuffer(0))).toBeNull();
  });

  test("that ends too early, or lies about its lengths, gives nothing", () => {
    const whole = png(chunk("tEXt", utf8("wirebrush\0{}")));
    expect(workflowTextIn(whole.slice(0, 30))).toBeNull();
    const lying = new Uint8Array([...SIGNATURE, 0xff, 0xff, 0xff, 0xff, ...utf8("IHDR"), 0, 0, 0, 0]);
    expect(workflowTextIn(lying.buffer)).toBeNull();
  });
});
