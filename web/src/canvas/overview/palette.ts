/** The theme's colours for painting: tokens of the stylesheet, read when they are first wanted. */
export class Palette {
  readonly #read: (token: string) => string;
  readonly #known = new Map<string, string>();

  /** `read` gives the value of a custom property such as `--panel`. */
  constructor(read: (token: string) => string) {
    this.#read = read;
  }

  /** A colour as CSS has it: a token by name or as `var(--name)`, anything else as it is. */
  color(css: string): string {
    const token = css.startsWith("var(") ? css.slice(4, -1) : css;
    if (!token.startsWith("--")) return css;
    const known = this.#known.get(token);
    if (known !== undefined) return known;
    const value = this.#read(token).trim() || "transparent";
    this.#known.set(token, value);
    return value;
  }
}

/** The palette of an element, as the theme is now. */
export function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element);
  return new Palette((token) => style.getPropertyValue(token));
}

/** Call back when the theme, contrast or density changes. */
export function whenThemeChanges(act: () => void): () => void {
  const watcher = new MutationObserver(act);
  watcher.observe(document.documentElement, { attributes: true });
  const bright = matchMedia("(prefers-color-scheme: light)");
  bright.addEventListener("change", act);
  return () => {
    watcher.disconnect();
    bright.removeEventListener("change", act);
  };
}
