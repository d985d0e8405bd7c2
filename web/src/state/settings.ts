/** What a person has chosen for this browser, and what it remembers for them. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Language } from "../i18n/text";
import { isRecord } from "../model/format/format";

export interface Settings {
  readonly language: Language | "system";
  readonly theme: "system" | "dark" | "light";
  readonly contrast: "normal" | "high";
  readonly density: "compact" | "normal" | "roomy";
  /** Size of all text, 1 is the usual one. */
  readonly textSize: number;
  readonly snapToGrid: boolean;
  readonly guides: boolean;
  /** What dragging the empty canvas with the left button does. */
  readonly leftDrag: "pan" | "select";
  readonly minimap: boolean;
  readonly previews: boolean;
  readonly runOnChange: boolean;
  /** Jobs that ended before are not shown any more; seconds since 1970. */
  readonly queueCleared: number;
  /** Keys by command, where they differ from the usual ones. */
  readonly keys: Readonly<Record<string, readonly string[]>>;
  /** Node types. */
  readonly favourites: readonly string[];
  readonly recents: readonly string[];
  readonly tourSeen: boolean;
}

export const DEFAULTS: Settings = {
  language: "system",
  theme: "dark",
  contrast: "normal",
  density: "normal",
  textSize: 1,
  snapToGrid: true,
  guides: true,
  leftDrag: "pan",
  minimap: true,
  previews: true,
  runOnChange: false,
  queueCleared: 0,
  keys: {},
  favourites: [],
  recents: [],
  tourSeen: false,
};

export type SettingsStore = StoreApi<Settings>;

/** The smallest and the largest text. */
export const TEXT_SIZES = [0.8, 1.8] as const;

const KEPT = "wirebrush.settings";

/** The settings of this browser; every change is kept. A storage that is full costs comfort only. */
export function createSettingsStore(): SettingsStore {
  const store = createStore<Settings>()(() => ({ ...DEFAULTS, ...kept() }));
  store.subscribe((settings) => {
    try {
      localStorage.setItem(KEPT, JSON.stringify(settings));
    } catch {
      // full or forbidden
    }
  });
  return store;
}

/** What was kept, as far as it is of the shape that is wanted. */
function kept(): Partial<Settings> {
  try {
    const data: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    if (!isRecord(data)) return {};
    const known = Object.entries(DEFAULTS).filter(([name, usual]) => sameKind(data[name], usual));
    const found: Partial<Settings> = Object.fromEntries(known.map(([name]) => [name, data[name]]));
    return found.textSize === undefined ? found : { ...found, textSize: readable(found.textSize) };
  } catch {
    return {};
  }
}

/** A size at which the page can still be used; whatever was kept. */
export function readable(size: number): number {
  const [least, most] = TEXT_SIZES;
  return Number.isFinite(size) ? Math.min(Math.max(size, least), most) : 1;
}

function sameKind(value: unknown, usual: unknown): boolean {
  return typeof value === typeof usual && Array.isArray(value) === Array.isArray(usual) && value !== null;
}
