/** A mask being painted: strokes on a canvas whose alpha is the mask, with an undo of its own. */
import type { Pixels } from "../../model/pictures/png";

export interface Brush {
  /** Diameter in pixels of the picture. */
  readonly size: number;
  readonly erase: boolean;
  /** 0: its edge fades all the way; 1: sharp. */
  readonly hardness: number;
}

type Place = readonly [x: number, y: number];

/** So many steps can be undone; each holds the mask as it was. */
const STEPS = 40;
const COLOR = "rgb(255 122 69)";

export class MaskPainting {
  readonly #drawing: CanvasRenderingContext2D;
  #past: ImageData[] = [];
  #future: ImageData[] = [];
  #last: Place | null = null;

  constructor(canvas: HTMLCanvasElement, { width, height, data }: Pixels) {
    canvas.width = width;
    canvas.height = height;
    const drawing = canvas.getContext("2d", { willReadFrequently: true });
    if (!drawing) throw new Error("This browser cannot draw.");
    this.#drawing = drawing;
    this.#put((place) => 255 - (data[place] ?? 255));
  }

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  /** Begin a stroke: one step of undo. */
  begin(at: Place, brush: Brush): void {
    this.#remember();
    this.#last = at;
    this.move(at, brush);
  }

  move(at: Place, brush: Brush): void {
    if (!this.#last) return;
    const drawing = this.#drawing;
    const [fromX, fromY] = this.#last;
    const [x, y] = at;
    const length = Math.hypot(x - fromX, y - fromY);
    // Dabs so near to each other that they make a line.
    const count = Math.max(1, Math.ceil(length / Math.max(1, brush.size / 8)));
    drawing.save();
    drawing.globalCompositeOperation = brush.erase ? "destination-out" : "source-over";
    for (let dab = 1; dab <= count; dab++)
      this.#dab([fromX + ((x - fromX) * dab) / count, fromY + ((y - fromY) * dab) / count], brush);
    drawing.restore();
    this.#last = at;
  }

  end(): void {
    this.#last = null;
  }

  invert(): void {
    this.#remember();
    const { data } = this.#whole();
    this.#put((place) => 255 - (data[place] ?? 0));
  }

  /** All of it masked, or nothing. */
  fill(full: boolean): void {
    this.#remember();
    this.#put(() => (full ? 255 : 0));
  }

  undo(): void {
    this.#swap(this.#past, this.#future);
  }

  redo(): void {
    this.#swap(this.#future, this.#past);
  }

  /** 0 to 255 for each pixel: how much it is masked. */
  mask(): Uint8ClampedArray {
    const { data } = this.#whole();
    return Uint8ClampedArray.from({ length: data.length / 4 }, (_, pixel) => data[pixel * 4 + 3] ?? 0);
  }

  #dab([x, y]: Place, { size, hardness }: Brush): void {
    const drawing = this.#drawing;
    const radius = size / 2;
    const shade = drawing.createRadialGradient(x, y, radius * Math.min(0.99, hardness), x, y, radius);
    shade.addColorStop(0, COLOR);
    shade.addColorStop(1, hardness >= 1 ? COLOR : "rgb(255 122 69 / 0%)");
    drawing.fillStyle = shade;
    drawing.beginPath();
    drawing.arc(x, y, radius, 0, 2 * Math.PI);
    drawing.fill();
  }

  #whole(): ImageData {
    const { width, height } = this.#drawing.canvas;
    return this.#drawing.getImageData(0, 0, width, height);
  }

  /** Set the mask pixel by pixel; `value` is given where the pixel's alpha lies in its data. */
  #put(value: (place: number) => number): void {
    const image = this.#drawing.createImageData(this.#drawing.canvas.width, this.#drawing.canvas.height);
    for (let place = 0; place < image.data.length; place += 4) image.data.set([255, 122, 69, value(place + 3)], place);
    this.#drawing.putImageData(image, 0, 0);
  }

  #remember(): void {
    this.#past = [...this.#past, this.#whole()].slice(-STEPS);
    this.#future = [];
  }

  #swap(from: ImageData[], to: ImageData[]): void {
    const image = from.pop();
    if (!image) return;
    to.push(this.#whole());
    this.#drawing.putImageData(image, 0, 0);
  }
}

/**
 * The pixels to save. A mask is what is transparent, and the picture's colours stay below it; for
 * a node that reads the mask from a colour, it is that in grey.
 */
export function masked({ data }: Pixels, mask: Uint8ClampedArray, asGrey: boolean): Uint8ClampedArray {
  const made = new Uint8ClampedArray(data.length);
  for (let pixel = 0; pixel < mask.length; pixel++) {
    const place = pixel * 4;
    const value = mask[pixel] ?? 0;
    if (asGrey) made.set([value, value, value, 255], place);
    else {
      made.set(data.subarray(place, place + 3), place);
      made[place + 3] = 255 - value;
    }
  }
  return made;
}
