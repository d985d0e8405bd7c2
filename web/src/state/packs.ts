/** The packs of nodes that the server knows, and turning them on and off. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { ApiError } from "../runtime/http";
import type { PackRecord } from "../runtime/wire.gen";
import { t } from "../i18n/text";

export interface PacksState {
  readonly packs: readonly PackRecord[];
  /** Where packs lie on the server's machine. */
  readonly folders: readonly string[];
  /** The pack that is not turned on before somebody has agreed to it. */
  readonly asking: string | null;
  /** Workers look for packs anew. */
  readonly looking: boolean;
}

export type PacksList = Pick<PacksState, "packs" | "folders">;

/** What the list needs of the server and of the page. */
export interface PacksHost {
  readonly list: () => Promise<PacksList>;
  readonly turn: (name: string, on: boolean) => Promise<PackRecord>;
  readonly reload: () => Promise<unknown>;
  readonly notify: (words: string) => void;
  /** Show the list. */
  readonly open: () => void;
}

export class Packs {
  readonly store: StoreApi<PacksState> = createStore<PacksState>()(() => ({ packs: [], folders: [], asking: null, looking: false }));
  readonly #host: PacksHost;

  constructor(host: PacksHost) {
    this.#host = host;
  }

  /** Fetch the list, and say what has come to its end meanwhile. */
  async refresh(): Promise<void> {
    const list = await this.#tried(() => this.#host.list());
    if (!list) return;
    const before = new Map(this.store.getState().packs.map((pack) => [pack.name, pack]));
    this.store.setState({ ...list, looking: false });
    const words = list.packs.flatMap((pack) => (before.get(pack.name)?.settled === false && pack.settled ? [outcome(pack)] : []));
    if (words.length) this.#host.notify(words.join(" "));
  }

  /** Something is under way, which has come to its end when a worker is ready. */
  get isWaiting(): boolean {
    const { looking, packs } = this.store.getState();
    return looking || packs.some(({ settled }) => !settled);
  }

  /** Turn a pack on or off; a foreign one is turned on after a question only. */
  async turn(pack: PackRecord, on: boolean): Promise<void> {
    if (on && pack.kind === "comfyui" && !pack.on) this.ask(pack.name);
    else await this.#put(pack.name, on);
  }

  /** Show the list and the question whether a pack may be turned on. */
  ask(name: string): void {
    this.store.setState({ asking: name });
    this.#host.open();
  }

  /** The answer to the question. */
  async answer(yes: boolean): Promise<void> {
    const { asking } = this.store.getState();
    this.store.setState({ asking: null });
    if (yes && asking !== null) await this.#put(asking, true);
  }

  /** Packs may have come, gone or changed. */
  async lookAgain(): Promise<void> {
    this.store.setState({ looking: true });
    if (!(await this.#tried(() => this.#host.reload()))) this.store.setState({ looking: false });
  }

  async #put(name: string, on: boolean): Promise<void> {
    const record = await this.#tried(() => this.#host.turn(name, on));
    if (record) this.store.setState(({ packs }) => ({ packs: packs.map((pack) => (pack.name === name ? record : pack)) }));
  }

  async #tried<T>(request: () => Promise<T>): Promise<T | null> {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status) this.#host.notify([error.message, error.hint].filter(Boolean).join(" "));
      return null;
    }
  }
}

/** The pack that has a node type, as far as is known, and is off. */
export function offPackOf({ packs }: PacksState, type: string): PackRecord | undefined {
  return packs.find(({ on, nodes }) => !on && nodes.includes(type));
}

/** Packs that fit all words: by their names, or by a node's. */
export function packsLike(packs: readonly PackRecord[], query: string): readonly PackRecord[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return packs.filter(({ name, kind, nodes }) => {
    const text = [name, t(`packs.kind.${kind}`), ...nodes].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function outcome({ name: pack, on, loaded, nodes }: PackRecord): string {
  if (!on) return t("packs.isOff", { pack });
  return loaded ? t("packs.isOn", { pack, count: nodes.length }) : t("packs.isFailed", { pack });
}
