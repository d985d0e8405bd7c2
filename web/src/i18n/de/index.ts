import type { Texts } from "../text";

export const de: Texts = {};
