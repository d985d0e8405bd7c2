/** Pictures for painting, small and decoded: fetched when they are first wanted, the latest kept. */

const KEPT = 400;
const AT_ONCE = 4;
/** Longest side in pixels, for pictures that come larger. */
const SIDE = 160;

export class Thumbnails {
  /** The one that was wanted longest ago comes first. `null`: there is no such picture. */
  readonly #known = new Map<string, ImageBitmap | null>();
  readonly #wanted = new Set<string>();
  #fetching = 0;
  readonly #arrived: () => void;

  /** `arrived` is called whenever there is a picture more. */
  constructor(arrived: () => void) {
    this.#arrived = arrived;
  }

  /** The picture, if it is there; otherwise it will come. */
  get(url: string): ImageBitmap | null {
    const known = this.#known.get(url);
    if (known === undefined) {
      this.#wanted.add(url);
      this.#next();
      return null;
    }
    this.#known.delete(url);
    this.#known.set(url, known);
    return known;
  }

  close(): void {
    this.#wanted.clear();
    for (const picture of this.#known.values()) picture?.close();
    this.#known.clear();
  }

  #next(): void {
    for (const url of this.#wanted) {
      if (this.#fetching >= AT_ONCE) return;
      this.#wanted.delete(url);
      this.#fetching++;
      void this.#fetch(url);
    }
  }

  async #fetch(url: string): Promise<void> {
    // A picture that cannot be had is left out; the node itself says why.
    const picture = await decoded(url).catch(() => null);
    this.#fetching--;
    this.#known.set(url, picture);
    for (const [oldest, old] of this.#known) {
      if (this.#known.size <= KEPT) break;
      old?.close();
      this.#known.delete(oldest);
    }
    if (picture) this.#arrived();
    this.#next();
  }
}

async function decoded(url: string): Promise<ImageBitmap> {
  const image = new Image();
  image.src = url;
  await image.decode();
  const { naturalWidth: width, naturalHeight: height } = image;
  const shrink = Math.min(1, SIDE / Math.max(width, height));
  const side = (length: number): number => Math.max(1, Math.round(length * shrink));
  return createImageBitmap(image, { resizeWidth: side(width), resizeHeight: side(height), resizeQuality: "medium" });
}
