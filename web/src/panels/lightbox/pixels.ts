/** Reading a picture's pixels. */
import type { Place } from "./zoom";

export type Colour = readonly [red: number, green: number, blue: number, alpha: number];

/** A picture drawn once, to be asked for its pixels. */
export class Pixels {
  readonly #drawing: OffscreenCanvasRenderingContext2D | null;

  constructor(image: HTMLImageElement) {
    const canvas = new OffscreenCanvas(Math.max(1, image.naturalWidth), Math.max(1, image.naturalHeight));
    this.#drawing = canvas.getContext("2d", { willReadFrequently: true });
    this.#drawing?.drawImage(image, 0, 0);
  }

  at([x, y]: Place): Colour | null {
    const data = this.#drawing?.getImageData(x, y, 1, 1).data;
    return data ? [data[0] ?? 0, data[1] ?? 0, data[2] ?? 0, data[3] ?? 0] : null;
  }
}

/** As designers write it; with its opacity if it is not opaque. */
export function hex([red, green, blue, alpha]: Colour): string {
  const parts = alpha === 255 ? [red, green, blue] : [red, green, blue, alpha];
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}
