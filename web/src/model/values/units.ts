/** What a number is counted in, as far as its name or its help says so. */
import type { Port } from "../catalog/catalog";

const PIXELS = /^(?:width|height|x|y|left|right|top|bottom|(?:.*_)?(?:width|height|pixels|px)|tile_size|overlap|feathering|padding|grow_mask_by)$/;
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/\bin pixels\b|\bpixels\b/i, "px"],
  [/\bin seconds\b/i, "s"],
  [/\bin degrees\b/i, "°"],
  [/\bframes (?:per|a) second\b/i, "fps"],
  [/\bin per ?cent\b/i, "%"],
];

/** A unit such as `px`; `""` where there is none or none is known. */
export function unitOf({ name, help = "", widget }: Port): string {
  if (widget?.kind !== "int" && widget?.kind !== "float" && widget?.kind !== "slider") return "";
  const said = WORDS.find(([words]) => words.test(help))?.[1];
  if (said) return said;
  return widget.kind === "int" && PIXELS.test(name) ? "px" : "";
}
