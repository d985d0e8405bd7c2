/** Every setting with its words and what it may be: the panel is made from this table. */
import { LANGUAGES, type TextKey } from "../../i18n/text";
import { TEXT_SIZES, type Settings } from "../../state/settings";

interface Common {
  readonly name: keyof Settings;
  readonly group: "look" | "canvas" | "running";
  readonly label: TextKey;
  readonly hint?: TextKey;
}

export interface ChoiceSetting extends Common {
  readonly kind: "choice";
  /** Words by value; a text that is no key is shown as it is. */
  readonly options: readonly { readonly value: string; readonly label: TextKey | null; readonly words?: string }[];
}

export interface ToggleSetting extends Common {
  readonly kind: "toggle";
}

export interface RangeSetting extends Common {
  readonly kind: "range";
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

export type Setting = ChoiceSetting | ToggleSetting | RangeSetting;

const LANGUAGE_OPTIONS = Object.entries(LANGUAGES).map(([value, words]) => ({ value, label: null, words }));

export const SETTINGS: readonly Setting[] = [
  {
    kind: "choice",
    name: "language",
    group: "look",
    label: "settings.language",
    options: [{ value: "system", label: "settings.system" }, ...LANGUAGE_OPTIONS],
  },
  {
    kind: "choice",
    name: "theme",
    group: "look",
    label: "settings.theme",
    options: [
      { value: "dark", label: "settings.dark" },
      { value: "light", label: "settings.light" },
      { value: "system", label: "settings.system" },
    ],
  },
  {
    kind: "choice",
    name: "contrast",
    group: "look",
    label: "settings.contrast",
    options: [
      { value: "normal", label: "settings.normal" },
      { value: "high", label: "settings.high" },
    ],
  },
  {
    kind: "choice",
    name: "density",
    group: "look",
    label: "settings.density",
    hint: "settings.density.hint",
    options: [
      { value: "compact", label: "settings.compact" },
      { value: "normal", label: "settings.normal" },
      { value: "roomy", label: "settings.roomy" },
    ],
  },
  { kind: "range", name: "textSize", group: "look", label: "settings.textSize", hint: "settings.textSize.hint", min: TEXT_SIZES[0], max: TEXT_SIZES[1], step: 0.1 },
  {
    kind: "choice",
    name: "leftDrag",
    group: "canvas",
    label: "settings.leftDrag",
    hint: "settings.leftDrag.hint",
    options: [
      { value: "pan", label: "settings.pan" },
      { value: "select", label: "settings.select" },
    ],
  },
  { kind: "toggle", name: "snapToGrid", group: "canvas", label: "settings.snapToGrid" },
  { kind: "toggle", name: "guides", group: "canvas", label: "settings.guides", hint: "settings.guides.hint" },
  { kind: "toggle", name: "minimap", group: "canvas", label: "settings.minimap" },
  { kind: "toggle", name: "previews", group: "running", label: "settings.previews", hint: "settings.previews.hint" },
  { kind: "toggle", name: "runOnChange", group: "running", label: "settings.runOnChange", hint: "settings.runOnChange.hint" },
];
