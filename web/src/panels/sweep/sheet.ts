/** A sweep as one picture with its labels, to be kept or shown to others. */
import { assetUrl } from "../../runtime/api";
import { isPicture } from "../../runtime/nodeRuns";
import type { SweepTable } from "../../state/sweeps";
import { t } from "../../i18n/text";

/** Browsers draw no larger canvas than this, and nobody looks at one. */
const MOST_PIXELS = 8192;
const GAP = 8;
const PAPER = "#121110";
const INK = "#ece8e2";

export interface SheetLayout {
  readonly width: number;
  readonly height: number;
  /** Height of letters, and the room for labels at the left and above. */
  readonly letters: number;
  readonly left: number;
  readonly top: number;
  readonly cell: readonly [width: number, height: number];
}

/** Where everything goes, scaled down until it can be drawn. `size` is a picture's own. */
export function sheetLayout(columns: number, rows: number, size: readonly [number, number], labels: number): SheetLayout {
  const wanted = placed(columns, rows, size, labels);
  const across = (MOST_PIXELS - wanted.left - columns * GAP) / (columns * size[0]);
  const down = (MOST_PIXELS - wanted.top - rows * GAP) / (rows * size[1]);
  const scale = Math.min(across, down);
  if (scale >= 1) return wanted;
  return placed(columns, rows, [Math.max(1, Math.floor(size[0] * scale)), Math.max(1, Math.floor(size[1] * scale))], labels);
}

function placed(columns: number, rows: number, cell: readonly [number, number], labels: number): SheetLayout {
  const letters = Math.max(13, Math.min(40, Math.round(cell[0] / 14)));
  const left = rows > 1 ? Math.ceil(Math.min(24, labels) * letters * 0.62) + 2 * GAP : GAP;
  const top = Math.round(letters * 4);
  return {
    letters,
    left,
    top,
    cell,
    width: left + columns * (cell[0] + GAP),
    height: top + rows * (cell[1] + GAP),
  };
}

export async function drawSheet(table: SweepTable): Promise<Blob> {
  const images = await Promise.all(table.cells.map((row) => Promise.all(row.map(imageOf))));
  const first = images.flat().find((image) => image !== null);
  const size = [first?.naturalWidth ?? 256, first?.naturalHeight ?? 256] as const;
  const longest = Math.max(...table.rows.map((label) => label.length));
  const layout = sheetLayout(table.columns.length, table.rows.length, size, longest);
  const canvas = new OffscreenCanvas(layout.width, layout.height);
  const drawing = canvas.getContext("2d");
  if (!drawing) throw new Error(t("sweep.noCanvas"));
  drawing.fillStyle = PAPER;
  drawing.fillRect(0, 0, layout.width, layout.height);
  drawLabels(drawing, table, layout);
  for (const [y, row] of images.entries())
    for (const [x, image] of row.entries()) {
      const [left, top] = [layout.left + x * (layout.cell[0] + GAP), layout.top + y * (layout.cell[1] + GAP)];
      if (image) drawing.drawImage(image, left, top, ...layout.cell);
    }
  return await canvas.convertToBlob({ type: "image/png" });
}

function drawLabels(drawing: OffscreenCanvasRenderingContext2D, table: SweepTable, { letters, left, top, cell }: SheetLayout): void {
  const { axes, columns, rows, title } = table;
  drawing.fillStyle = INK;
  drawing.textBaseline = "middle";
  drawing.font = `600 ${letters}px "Inter Variable", sans-serif`;
  drawing.fillText(title, left, top * 0.28, columns.length * (cell[0] + GAP) - GAP);
  drawing.font = `${letters}px "Inter Variable", sans-serif`;
  for (const [x, label] of columns.entries())
    drawing.fillText(axes.length > 1 || x > 0 ? label : `${axes[0] ?? ""} ${label}`, left + x * (cell[0] + GAP), top * 0.74, cell[0]);
  for (const [y, label] of rows.entries())
    drawing.fillText(label, GAP, top + y * (cell[1] + GAP) + cell[1] / 2, left - 2 * GAP);
}

/** `null` where there is no picture (yet). */
async function imageOf(record: SweepTable["cells"][number][number]): Promise<HTMLImageElement | null> {
  const output = record?.outputs.find(isPicture);
  if (!output?.asset) return null;
  const image = new Image();
  image.src = assetUrl(output.asset);
  try {
    await image.decode();
    return image;
  } catch {
    return null; // it was deleted meanwhile
  }
}
