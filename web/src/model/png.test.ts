import { inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { crc32, encodePng } from "./png";

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

  it("have the check sum of the standard", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  });

  it("are not made of too few pixels", async () => {
    await expect(encodePng(2, 2, new Uint8ClampedArray(4))).rejects.toThrow("no picture of 2 by 2");
  });
});
