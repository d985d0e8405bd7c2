/** A list of pictures that grows as it is looked through: page by page, the newest first. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { api, ApiError, type AssetQuery } from "../runtime/api";
import type { AssetRecord } from "../runtime/wire.gen";

export interface Picture {
  readonly asset: string;
  readonly name: string;
  readonly width: number | null;
  readonly height: number | null;
  readonly starred: boolean;
  readonly prompt: string;
  /** Seconds since 1970. */
  readonly created: number;
}

export interface PicturesState {
  readonly pictures: readonly Picture[];
  /** Whether there may be more, and whether they are on their way. */
  readonly more: boolean;
  readonly loading: boolean;
  /** Why there are none to be seen. */
  readonly error: string;
}

export type PictureQuery = Omit<AssetQuery, "kind" | "cursor" | "limit">;

const PAGE = 200;
const NOTHING: PicturesState = { pictures: [], more: true, loading: false, error: "" };

export class Pictures {
  readonly store: StoreApi<PicturesState> = createStore<PicturesState>()(() => NOTHING);
  #query: PictureQuery = {};
  #next: string | undefined;
  /** Answers to earlier questions are not wanted any more. */
  #asked = 0;

  get query(): PictureQuery {
    return this.#query;
  }

  /** Look for others. What is shown stays until the answer is there. */
  async open(query: PictureQuery = this.#query): Promise<void> {
    this.#query = query;
    this.#next = undefined;
    await this.#fetch([]);
  }

  /** The next page, if there is one and it is not on its way. */
  async more(): Promise<void> {
    const { more, loading, pictures } = this.store.getState();
    if (more && !loading) await this.#fetch(pictures);
  }

  /** Pictures that were just made; a list that was searched for does not take them. */
  add(made: readonly Picture[]): void {
    if (Object.values(this.#query).some((value) => value !== undefined && value !== "" && value !== false)) return;
    this.store.setState(({ pictures }) => ({ pictures: unique([...made, ...pictures]) }));
  }

  change(asset: string, change: Partial<Picture>): void {
    this.store.setState(({ pictures }) => ({
      pictures: pictures.map((picture) => (picture.asset === asset ? { ...picture, ...change } : picture)),
    }));
  }

  remove(assets: ReadonlySet<string>): void {
    this.store.setState(({ pictures }) => ({ pictures: pictures.filter(({ asset }) => !assets.has(asset)) }));
  }

  async #fetch(before: readonly Picture[]): Promise<void> {
    const asked = ++this.#asked;
    this.store.setState({ loading: true, error: "" });
    try {
      const cursor = this.#next === undefined ? {} : { cursor: this.#next };
      const page = await api.assets({ ...this.#query, ...cursor, kind: "output", limit: PAGE });
      if (asked !== this.#asked) return;
      this.#next = page.next ?? undefined;
      const pictures = unique([...before, ...page.assets.filter(isPicture).map(pictureOf)]);
      this.store.setState({ pictures, more: page.next !== null, loading: false });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (asked === this.#asked) this.store.setState({ loading: false, more: false, error: error.message });
    }
  }
}

export function pictureOf({ id, name, width, height, starred, prompt, created }: AssetRecord): Picture {
  return { asset: id, name, width, height, starred, prompt, created };
}

function isPicture({ mime }: AssetRecord): boolean {
  return mime.startsWith("image/");
}

/** Each picture once, where it stands first: pages overlap when something is made meanwhile. */
function unique(pictures: readonly Picture[]): readonly Picture[] {
  const seen = new Set<string>();
  return pictures.filter(({ asset }) => !seen.has(asset) && seen.add(asset));
}
