/** A canvas element that is painted at most once a frame, sharp on every screen. */
import type { Brush } from "./brush";

/** Paints what there is now; `ratio` is how many device pixels a CSS pixel has. */
export type Painting = (brush: Brush, size: { readonly width: number; readonly height: number }, ratio: number) => void;

export class PaintedSurface {
  readonly #canvas: HTMLCanvasElement;
  readonly #paint: Painting;
  #frame = 0;

  constructor(canvas: HTMLCanvasElement, paint: Painting) {
    this.#canvas = canvas;
    this.#paint = paint;
  }

  /** Something changed: paint with the next frame. */
  soon(): void {
    this.#frame ||= requestAnimationFrame(() => this.now());
  }

  /** Paint at once, so that what is painted changes in the same frame as the page. */
  now(): void {
    this.stop();
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const brush = this.#canvas.getContext("2d");
    if (!brush || width === 0 || height === 0) return;
    const ratio = devicePixelRatio;
    const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.#canvas.width !== across || this.#canvas.height !== down) {
      this.#canvas.width = across;
      this.#canvas.height = down;
    } else {
      brush.setTransform(1, 0, 0, 1, 0, 0);
      brush.clearRect(0, 0, across, down);
    }
    this.#paint(brush, { width, height }, ratio);
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }
}
