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

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue, alpha. */
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** The pixels of a PNG with an alpha channel of 8 bits; `null` of all others, which a canvas reads as well. */
export async function decodePng(file: Uint8Array): Promise<Pixels | null> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (!SIGNATURE.every((byte, index) => file[index] === byte)) return null;
  const [width, height, bits, colors, interlaced] = [view.getUint32(16), view.getUint32(20), file[24], file[25], file[28]];
  if (bits !== 8 || colors !== RGBA || interlaced) return null;
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 8; at + 12 <= file.length; at += 12 + view.getUint32(at)) {
    const type = new TextDecoder().decode(file.subarray(at + 4, at + 8));
    if (type === "IDAT") parts.push(file.slice(at + 8, at + 8 + view.getUint32(at)));
  }
  const stream = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"));
  const rows = new Uint8Array(await new Response(stream).arrayBuffer());
  return rows.length === height * (width * 4 + 1) ? { width, height, data: unfilter(width, height, rows) } : null;
}

/** Rows as they were before each was written as what differs from its neighbours (PNG, section 9). */
function unfilter(width: number, height: number, rows: Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const row = width * 4;
  const data = new Uint8ClampedArray(row * height);
  for (let y = 0; y < height; y++) {
    const filter = rows[y * (row + 1)] ?? 0;
    for (let x = 0; x < row; x++) {
      const at = y * row + x;
      const left = x >= 4 ? (data[at - 4] ?? 0) : 0;
      const above = y > 0 ? (data[at - row] ?? 0) : 0;
      const corner = x >= 4 && y > 0 ? (data[at - row - 4] ?? 0) : 0;
      data[at] = ((rows[y * (row + 1) + 1 + x] ?? 0) + guess(filter, left, above, corner)) & 0xff;
    }
  }
  return data;
}

function guess(filter: number, left: number, above: number, corner: number): number {
  switch (filter) {
    case 1:
      return left;
    case 2:
      return above;
    case 3:
      return (left + above) >> 1;
    case 4: {
      const [a, b, c] = [Math.abs(above - corner), Math.abs(left - corner), Math.abs(left + above - 2 * corner)];
      return a <= b && a <= c ? left : b <= c ? above : corner;
    }
    default:
      return 0;
  }
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
