import type { Texts } from "../texts";

const files = import.meta.glob<Texts>("./*.json", { eager: true, import: "default" });

/** The page's words, one file per area as in English. */
export const ja: Texts = Object.assign({}, ...Object.values(files));
