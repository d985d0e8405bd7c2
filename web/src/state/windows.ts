/** The windows of the studio in this browser: which are open, and what they tell each other. */
import { uuid } from "../model/document/ids";

/** Each window holds a lock of its own while it lives. */
const PREFIX = "wirebrush.window.";
const CHANNEL = "wirebrush.written";

/** What a window gave to the server of one of its documents. */
export interface Written {
  /** The document's id. */
  readonly document: string;
  /** Whether it was saved to its file, or only kept as a draft. */
  readonly over: "draft" | "file";
  /** The state of that now. */
  readonly etag: string;
  /** The file's name, or the document's id. */
  readonly name: string;
  /** Of a draft: which state of which window it is. */
  readonly state?: Turn | undefined;
}

/** A window, and how many states of documents it had made by then. */
export type Turn = readonly [window: string, turn: number];

export class OpenWindows {
  /** This window's own name, a new one each time it is loaded. */
  readonly own = uuid();
  #turns = 0;
  readonly #channel = globalThis.BroadcastChannel ? new BroadcastChannel(CHANNEL) : null;

  constructor() {
    // Held until the page goes; on origins that browsers do not trust there are no locks.
    void globalThis.navigator?.locks?.request(PREFIX + this.own, () => new Promise<never>(() => {}));
  }

  /** The names of all that are open now; only this one's where that cannot be known. */
  async alive(): Promise<ReadonlySet<string>> {
    const held = (await globalThis.navigator?.locks?.query())?.held ?? [];
    const names = held.flatMap(({ name }) => (name?.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : []));
    return new Set([this.own, ...names]);
  }

  /** A document has a new state. */
  turn(): number {
    return ++this.#turns;
  }

  /** Let the other windows know. */
  tell(written: Written): void {
    this.#channel?.postMessage(written);
  }

  /** Hear what the others tell. Returns what ends it. */
  hear(told: (written: Written) => void): () => void {
    const listen = ({ data }: MessageEvent<Written>): void => told(data);
    this.#channel?.addEventListener("message", listen);
    return () => this.#channel?.removeEventListener("message", listen);
  }
}
