/** Which windows of the studio are open in this browser: each holds a lock while it lives. */
import { uuid } from "../model/document/ids";

const PREFIX = "wirebrush.window.";

export class OpenWindows {
  /** This window's own name, a new one each time it is loaded. */
  readonly own = uuid();

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
}
