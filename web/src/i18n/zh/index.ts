import type { Texts } from "../text";

export const zh: Texts = {};
