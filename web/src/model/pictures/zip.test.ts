import { expect, test } from "vitest";
import { storedZip } from "./zip";

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

test("an archive holds its files as they are, with sums that unpackers check", async () => {
  const archive = new Uint8Array(await storedZip([{ name: "a.txt", data: bytes("123456789") }]).arrayBuffer());
  const view = new DataView(archive.buffer);
  expect(view.getUint32(0, true)).toBe(0x04034b50);
  expect(view.getUint32(14, true)).toBe(0xcbf43926); // the sum that the method's description gives for these digits
  expect(view.getUint32(18, true)).toBe(9);
  expect(new TextDecoder().decode(archive.subarray(30, 44))).toBe("a.txt123456789");
  const end = archive.length - 22;
  expect(view.getUint32(end, true)).toBe(0x06054b50);
  expect(view.getUint16(end + 10, true)).toBe(1);
  expect(view.getUint32(view.getUint32(end + 16, true), true)).toBe(0x02014b50);
});

test("two files of one name get names of their own", async () => {
  const files = [{ name: "a.png", data: bytes("1") }, { name: "a.png", data: bytes("2") }, { name: "ä", data: bytes("") }];
  const text = new TextDecoder().decode(await storedZip(files).arrayBuffer());
  expect(text).toContain("a (2).png");
  expect(text).toContain("ä");
});

test("no files make an empty archive", async () => {
  expect((await storedZip([]).arrayBuffer()).byteLength).toBe(22);
});
