/** The part of a picture that stays when it is cut. */

/** In pixels of the picture. */
export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A side or corner that is dragged, or the whole area. */
export type Grip = "all" | "n" | "s" | "w" | "e" | "nw" | "ne" | "sw" | "se";

type Size = readonly [width: number, height: number];

export function wholeOf([width, height]: Size): Area {
  return { x: 0, y: 0, width, height };
}

/** The area after its grip was dragged: inside the picture, its sides on the grid where they can be. */
export function dragged(area: Area, grip: Grip, [dx, dy]: readonly [number, number], [width, height]: Size, grid: number): Area {
  if (grip === "all")
    return { ...area, x: Math.round(within(area.x + dx, 0, width - area.width)), y: Math.round(within(area.y + dy, 0, height - area.height)) };
  const [x, across] = side(area.x, area.width, dx, width, grid, grip.includes("w"), grip.includes("e"));
  const [y, down] = side(area.y, area.height, dy, height, grid, grip.includes("n"), grip.includes("s"));
  return { x, y, width: across, height: down };
}

function side(start: number, length: number, by: number, most: number, grid: number, first: boolean, last: boolean): readonly [number, number] {
  const end = start + length;
  if (first) {
    const fit = fitted(end - (start + by), end, grid);
    return [end - fit, fit];
  }
  return last ? [start, fitted(length + by, most - start, grid)] : [start, length];
}

/** The nearest length on the grid between one step and all there is. */
function fitted(length: number, most: number, grid: number): number {
  if (length >= most) return most;
  return Math.min(most, Math.max(Math.min(grid, most), Math.round(length / grid) * grid));
}

function within(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** That part of a picture as a PNG. */
export async function cropped(picture: HTMLImageElement, { x, y, width, height }: Area): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")?.drawImage(picture, x, y, width, height, 0, 0, width, height);
  return canvas.convertToBlob({ type: "image/png" });
}
