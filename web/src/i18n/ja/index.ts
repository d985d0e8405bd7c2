import type { Texts } from "../text";

export const ja: Texts = {};
