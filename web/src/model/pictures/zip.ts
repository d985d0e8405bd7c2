/** A zip archive whose files are stored as they are: pictures are compressed already. */
export interface ZipEntry {
  readonly name: string;
  readonly data: Uint8Array<ArrayBuffer>;
}

const UTF8_NAMES = 0x800;
const VERSION = 20;
/** 1980-01-01, the first day that the format knows. */
const DATE = 0x21;

export function storedZip(entries: readonly ZipEntry[]): Blob {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  let offset = 0;
  for (const { name, data } of withFreeNames(entries)) {
    const label = new TextEncoder().encode(name);
    const sum = crc32(data);
    const common = [VERSION, UTF8_NAMES, 0, 0, DATE];
    const sizes = [sum, data.length, data.length];
    const local = numbers([[0x04034b50], common, sizes, [label.length, 0]], [4, 2, 4, 2]);
    directory.push(
      numbers(
        [[0x02014b50], [VERSION, ...common], sizes, [label.length, 0, 0, 0, 0], [0, offset]],
        [4, 2, 4, 2, 4],
      ),
      label,
    );
    parts.push(local, label, data);
    offset += local.length + label.length + data.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const count = entries.length;
  const end = numbers([[0x06054b50], [0, 0, count, count], [size, offset], [0]], [4, 2, 4, 2]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}

/** The same name twice would be one file when it is unpacked. */
function withFreeNames(entries: readonly ZipEntry[]): ZipEntry[] {
  const taken = new Set<string>();
  return entries.map(({ name, data }) => {
    const dot = name.lastIndexOf(".");
    const [stem, suffix] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
    let free = name;
    for (let count = 2; taken.has(free); count++) free = `${stem} (${count})${suffix}`;
    taken.add(free);
    return { name: free, data };
  });
}

/** Runs of numbers, each run in so many bytes a number, the lowest byte first. */
function numbers(runs: readonly (readonly number[])[], widths: readonly number[]): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  for (const [index, run] of runs.entries())
    for (const value of run)
      for (let byte = 0; byte < (widths[index] ?? 1); byte++) bytes.push(Math.floor(value / 256 ** byte) & 0xff);
  return new Uint8Array(bytes);
}

function crc32(data: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of data) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}
