import { deflateSync, inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { crc32, decodePng, encodePng } from "./png";

describe("PNG files", () => {
  it("keep the colours of what is transparent", async () => {
    const pixels = new Uint8ClampedArray([255, 0, 0, 0, 0, 255, 0, 255, 1, 2, 3, 4, 9, 8, 7, 6]);
    const file = Buffer.from(await (await encodePng(2, 2, pixels)).arrayBuffer());
    expect([...file.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
    expect([file.readUInt32BE(16), file.readUInt32BE(20), file[24], file[25]]).toEqual([2, 2, 8, 6]);
    const at = file.indexOf("IDAT");
    const rows = inflateSync(file.subarray(at + 4, at + 4 + file.readUInt32BE(at - 4)));
    expect([...rows]).toEqual([0, 255, 0, 0, 0, 0, 255, 0, 255, 0, 1, 2, 3, 4, 9, 8, 7, 6]);
  });

  it("come back as they were written", async () => {
    const picture = fc.integer({ min: 1, max: 9 }).chain((width) =>
      fc.integer({ min: 1, max: 9 }).chain((height) => fc.uint8Array({ minLength: width * height * 4, maxLength: width * height * 4 }).map((data) => ({ width, height, data: new Uint8ClampedArray(data) }))),
    );
    await fc.assert(
      fc.asyncProperty(picture, async ({ width, height, data }) => {
        const file = new Uint8Array(await (await encodePng(width, height, data)).arrayBuffer());
        expect(await decodePng(file)).toEqual({ width, height, data });
      }),
      { numRuns: 30 },
    );
  });

  it("written by others with every filter are read", async () => {
    // Four rows of two pixels, filtered as Sub, Up, Average, Paeth; all are [10 20 30 0, 20 40 60 80].
    const rows = [1, 10, 20, 30, 0, 10, 20, 30, 80, 2, 0, 0, 0, 0, 0, 0, 0, 0, 3, 5, 10, 15, 0, 5, 10, 15, 40, 4, 0, 0, 0, 0, 0, 0, 0, 0];
    const file = new Uint8Array(await (await encodePng(2, 4, new Uint8ClampedArray(32))).arrayBuffer());
    const at = Buffer.from(file).indexOf("IDAT") - 4;
    const data = deflateSync(new Uint8Array(rows));
    const made = new Uint8Array([...file.subarray(0, at), 0, 0, 0, data.length, ...file.subarray(at + 4, at + 8), ...data, 0, 0, 0, 0, ...file.subarray(-12)]);
    const pixels = await decodePng(made);
    const row = [10, 20, 30, 0, 20, 40, 60, 80];
    expect([...(pixels?.data ?? [])]).toEqual([...row, ...row, ...row, ...row]);
  });

  it("without alpha, and other files, are left to the browser", async () => {
    expect(await decodePng(new TextEncoder().encode("GIF89a, a file of another kind altogether"))).toBeNull();
  });

  it("have the check sum of the standard", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  });

  it("are not made of too few pixels", async () => {
    await expect(encodePng(2, 2, new Uint8ClampedArray(4))).rejects.toThrow("no picture of 2 by 2");
  });
});
