/** Reading a picture's pixels. */
import type { Place } from "./zoom";

export type Colour = readonly [red: number, green: number, blue: number, alpha: number];

/** A picture that can be asked for its pixels; it is drawn when that is done first. */
export class Pixels {
  readonly #image: HTMLImageElement;
  #drawing: OffscreenCanvasRenderingContext2D | null = null;

  constructor(image: HTMLImageElement) {
    this.#image = image;
  }

  at([x, y]: Place): Colour | null {
    this.#drawing ??= drawn(this.#image);
    const data = this.#drawing?.getImageData(x, y, 1, 1).data;
    return data ? [data[0] ?? 0, data[1] ?? 0, data[2] ?? 0, data[3] ?? 0] : null;
  }
}

function drawn(image: HTMLImageElement): OffscreenCanvasRenderingContext2D | null {
  const canvas = new OffscreenCanvas(Math.max(1, image.naturalWidth), Math.max(1, image.naturalHeight));
  const drawing = canvas.getContext("2d", { willReadFrequently: true });
  drawing?.drawImage(image, 0, 0);
  return drawing;
}

/** As designers write it; with its opacity if it is not opaque. */
export function hex([red, green, blue, alpha]: Colour): string {
  const parts = alpha === 255 ? [red, green, blue] : [red, green, blue, alpha];
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}
