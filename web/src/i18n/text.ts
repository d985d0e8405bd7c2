/**
 * The page's words. Components ask for them by key; the language is chosen once, before they are
 * drawn, and when it changes the page is drawn anew.
 */
import { createInstance, type i18n } from "i18next";
import { en } from "./en";
import type { Texts } from "./texts";

export type Language = "en" | "de" | "zh" | "ja";

export const LANGUAGES: Readonly<Record<Language, string>> = { en: "English", de: "Deutsch", zh: "中文", ja: "日本語" };

/** `a.b_one` and `a.b_other` are the two forms of `a.b`; which is wanted is said by `count`. */
type Singular<K extends string> = K extends `${infer Base}_one` | `${infer Base}_other` ? Base : K;
export type TextKey = Singular<keyof typeof en>;

/** Only English comes with the page; the others are fetched when they are chosen, with names of node types. */
const OTHERS: Readonly<Record<Exclude<Language, "en">, () => Promise<{ readonly texts: Texts; readonly types: Texts }>>> = {
  de: async () => ({ texts: (await import("./de")).de, types: (await import("./types/de.json")).default }),
  zh: async () => ({ texts: (await import("./zh")).zh, types: (await import("./types/zh.json")).default }),
  ja: async () => ({ texts: (await import("./ja")).ja, types: (await import("./types/ja.json")).default }),
};

const words: i18n = createInstance();
void words.init({
  lng: "en",
  fallbackLng: "en",
  resources: { en: { translation: en } },
  initAsync: false,
  keySeparator: false,
  nsSeparator: false,
  // React escapes what it shows.
  interpolation: { prefix: "{", suffix: "}", escapeValue: false },
});

/** Fetch a language and speak it from now on. */
export async function speak(wanted: Language): Promise<void> {
  if (wanted !== "en" && !words.hasResourceBundle(wanted, "translation")) {
    const { texts, types } = await OTHERS[wanted]();
    words.addResourceBundle(wanted, "translation", texts);
    words.addResourceBundle(wanted, "types", types);
  }
  await words.changeLanguage(wanted);
}

/** The language that is spoken. */
export function language(): Language {
  return words.language as Language;
}

/** The best language for what a browser asks for. */
export function languageFor(wanted: readonly string[]): Language {
  const bases = wanted.map((tag) => tag.split("-")[0] ?? "");
  return bases.find((base): base is Language => base in LANGUAGES) ?? "en";
}

/** The words of a key with its `{places}` filled in. */
export function t(key: TextKey, values: Readonly<Record<string, string | number>> = {}): string {
  return words.t(key, values);
}

/** Whether there are words for a key that was put together. */
export function hasText(key: string): key is TextKey {
  return key in en;
}

/** What a built-in node type is called; as it is declared if this language has no name for it. */
export function typeName(id: string, declared: string): string {
  const name: unknown = words.getResource(words.language, "types", id);
  return typeof name === "string" ? name : declared;
}
