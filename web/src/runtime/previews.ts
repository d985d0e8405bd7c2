/** Step previews as URLs that pictures can show: the latest of each node, the rest let go of. */
import { ownerOf } from "./expansions";
import type { Jobs } from "./jobs";
import type { Preview } from "./socket";

/** By document and node. */
export type PreviewUrls = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The picture that a URL stood for may still be decoding when the next one takes its place. */
const GRACE_MS = 1000;

/** Collects what arrives within a frame: only the latest of each node is ever decoded. */
export class Previews {
  readonly #arrived = new Map<string, Preview>();

  add(preview: Preview): void {
    this.#arrived.set(`${preview.job}\n${preview.node}`, preview);
  }

  /** Forget what has arrived and was not shown. */
  drop(): void {
    this.#arrived.clear();
  }

  /** The URLs with those of what has arrived; the same if nothing has, for jobs that are shown. */
  taken(urls: PreviewUrls, { ours, byId }: Jobs): PreviewUrls {
    if (this.#arrived.size === 0) return urls;
    const next: Record<string, Record<string, string>> = { ...urls };
    for (const { job, node: inRuns, picture } of this.#arrived.values()) {
      const known = ours[job];
      if (known === undefined) continue;
      const { document, signatures } = known;
      const node = ownerOf(inRuns, signatures, byId[job]?.named);
      const before = next[document]?.[node];
      next[document] = { ...next[document], [node]: URL.createObjectURL(picture) };
      if (before) setTimeout(() => URL.revokeObjectURL(before), GRACE_MS);
    }
    this.#arrived.clear();
    return next;
  }
}

/** The URLs without those of a document, which are let go of. */
export function withoutPreviewsOf(urls: PreviewUrls, document: string): PreviewUrls {
  const { [document]: gone = {}, ...left } = urls;
  for (const url of Object.values(gone)) URL.revokeObjectURL(url);
  return left;
}
