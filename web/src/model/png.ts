/**
 * PNG files with an alpha channel whose colours stay: a browser's canvas forgets the colour of
 * what is transparent, and a mask is transparency over a picture that is still wanted.
 */

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const RGBA = 6;

/** A picture of `width * height` pixels, four bytes each (red, green, blue, alpha), as a PNG. */
export async function encodePng(width: number, height: number, pixels: Uint8ClampedArray): Promise<Blob> {
  if (pixels.length !== width * height * 4) throw new Error(`${pixels.length} bytes are no picture of ${width} by ${height}.`);
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, RGBA, 0, 0, 0], 8);
  const data = await deflated(unfiltered(width, height, pixels));
  return new Blob([new Uint8Array(SIGNATURE), chunk("IHDR", header), chunk("IDAT", data), chunk("IEND", new Uint8Array())], { type: "image/png" });
}

/** Each row is preceded by its filter: none. */
function unfiltered(width: number, height: number, pixels: Uint8ClampedArray): Uint8Array<ArrayBuffer> {
  const row = width * 4;
  const rows = new Uint8Array(height * (row + 1));
  for (let y = 0; y < height; y++) rows.set(pixels.subarray(y * row, (y + 1) * row), y * (row + 1) + 1);
  return rows;
}

async function deflated(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([data]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Length, type, data, and a check sum over the last two. */
function chunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(data.length + 12);
  const view = new DataView(made.buffer);
  view.setUint32(0, data.length);
  made.set(new TextEncoder().encode(type), 4);
  made.set(data, 8);
  view.setUint32(data.length + 8, crc32(made.subarray(4, data.length + 8)));
  return made;
}

/** CRC-32 as PNG wants it (ISO 3309). */
export function crc32(data: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of data) rest = (TABLE[(rest ^ byte) & 0xff] ?? 0) ^ (rest >>> 8);
  return (rest ^ 0xffffffff) >>> 0;
}

const TABLE: Readonly<Uint32Array> = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
  return rest;
});
