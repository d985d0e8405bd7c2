/** All pictures that were made: the strip beside the canvas, and what is looked for among them. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { t } from "../i18n/text";
import { api, ApiError, type Facets } from "../runtime/api";
import { isFinal, type Job } from "../runtime/jobs";
import { Pictures, type Picture, type PictureQuery } from "./pictures";
import type { Runtime } from "./runtime";
import type { Remedy } from "./ui";

export interface GalleryState {
  readonly chosen: ReadonlySet<string>;
  readonly facets: Facets | null;
}

export interface GalleryHost {
  readonly runtime: Runtime;
  readonly notify: (words: string, remedy?: Remedy | null) => void;
  /** Deleted pictures are back: who showed them may do so again. */
  readonly restored: () => void;
}

/** Requests at a time when many pictures are deleted. */
const AT_ONCE = 6;

export class Gallery {
  readonly store: StoreApi<GalleryState> = createStore<GalleryState>()(() => ({ chosen: new Set(), facets: null }));
  readonly recent = new Pictures();
  readonly found = new Pictures();
  readonly #host: GalleryHost;

  constructor(host: GalleryHost) {
    this.#host = host;
    host.runtime.store.subscribe((now, before) => {
      if (now.fetched !== before.fetched) void this.recent.open();
      if (now.jobs.byId === before.jobs.byId) return;
      const made = newPictures(before.jobs.byId, now.jobs.byId);
      if (made.length === 0) return;
      this.recent.add(made);
      this.found.add(made);
    });
  }

  /** Look for pictures, and for what they can be narrowed by. */
  async look(query: PictureQuery): Promise<void> {
    this.store.setState({ chosen: new Set() });
    await Promise.all([this.found.open(query), this.#fetchFacets()]);
  }

  choose(assets: Iterable<string>): void {
    this.store.setState({ chosen: new Set(assets) });
  }

  async star(asset: string, starred: boolean): Promise<void> {
    this.#change(asset, { starred });
    try {
      await api.star(asset, starred);
    } catch (error) {
      this.#change(asset, { starred: !starred });
      this.#failed(error);
    }
    await this.#fetchFacets();
  }

  /** Put pictures into the trash; the notice takes them out again. */
  async trash(assets: readonly string[]): Promise<void> {
    const done = await this.#each(assets, (asset) => api.trash(asset));
    const gone = new Set(done);
    this.recent.remove(gone);
    this.found.remove(gone);
    this.#host.runtime.dropPictures(gone);
    const chosen = [...this.store.getState().chosen].filter((asset) => !gone.has(asset));
    this.choose(chosen);
    if (done.length)
      this.#host.notify(t("gallery.deleted", { count: done.length }), {
        label: t("command.undo"),
        run: () => void this.restore(done),
      });
    await this.#fetchFacets();
  }

  async restore(assets: readonly string[]): Promise<void> {
    const done = await this.#each(assets, (asset) => api.restore(asset));
    await Promise.all([this.recent.open(), this.found.open(), this.#fetchFacets()]);
    if (done.length === 0) return;
    this.#host.notify(t("gallery.restored", { count: done.length }));
    this.#host.restored();
  }

  /** Do it to all, a few at a time; those that it was done to. */
  async #each(assets: readonly string[], act: (asset: string) => Promise<unknown>): Promise<string[]> {
    const done: string[] = [];
    const ahead = [...assets];
    const work = async (): Promise<void> => {
      for (let asset = ahead.shift(); asset !== undefined; asset = ahead.shift()) {
        // oxlint-disable-next-line no-await-in-loop -- several of these loops run beside each other
        await act(asset);
        done.push(asset);
      }
    };
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, work));
    } catch (error) {
      this.#failed(error);
    }
    return done;
  }

  async #fetchFacets(): Promise<void> {
    try {
      this.store.setState({ facets: await api.facets(-new Date().getTimezoneOffset()) });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // without them one can still search
    }
  }

  #change(asset: string, change: Partial<Picture>): void {
    this.recent.change(asset, change);
    this.found.change(asset, change);
  }

  #failed(error: unknown): void {
    if (!(error instanceof ApiError)) throw error;
    this.#host.notify([error.message, error.hint].filter(Boolean).join(" "));
  }
}

/** Pictures that jobs have made from one state to the next. */
export function newPictures(before: Readonly<Record<string, Job>>, now: Readonly<Record<string, Job>>): Picture[] {
  const made: Picture[] = [];
  for (const [id, { record }] of Object.entries(now)) {
    const known = before[id];
    // One that had ended makes nothing: its pictures come back from the trash.
    if (!known || isFinal(known.record.state) || known.record.outputs === record.outputs) continue;
    const there = new Set(known.record.outputs.map(({ asset }) => asset));
    for (const { kind, asset, name, mime, width, height } of record.outputs)
      if (kind === "output" && asset && mime.startsWith("image/") && !there.has(asset))
        made.push({ asset, name, width, height, starred: false, prompt: "", created: Date.now() / 1000 });
  }
  return made;
}
