/** Words by key, in one language. */
export type Texts = Readonly<Record<string, string>>;
