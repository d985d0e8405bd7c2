import { useEffect, useSyncExternalStore } from "react";
import { useSettings } from "../state/context";
import type { Settings } from "../state/settings";

/** In pixels at the usual size of text: up to there the top bar has two rows, and up to there it leaves words out. */
const TWO_ROWS = 760;
const SHORT = 900;
/** Up to where the bar has two rows if its buttons are as large as fingers need them. */
const TWO_ROWS_COARSE = 860;

/** Theme, contrast, density and text size, as attributes that the style sheets read. */
export function useAppearance(): void {
  const theme = useTheme();
  const contrast = useSettings((settings) => settings.contrast);
  const density = useSettings((settings) => settings.density);
  const textSize = useSettings((settings) => settings.textSize);
  useEffect(() => show({ theme, contrast, density, textSize }), [theme, contrast, density, textSize]);
  useEffect(() => {
    const fit = (): void => showRoom(textSize);
    addEventListener("resize", fit);
    return () => removeEventListener("resize", fit);
  }, [textSize]);
}

/** The same before anything is drawn, so that a light page never flashes dark. */
export function showAppearance(settings: Settings): void {
  show({ ...settings, theme: shownTheme(settings.theme, prefersLight()) });
}

function show({ theme, contrast, density, textSize }: Pick<Settings, "theme" | "contrast" | "density" | "textSize">): void {
  const { dataset, style } = document.documentElement;
  dataset["theme"] = theme;
  dataset["contrast"] = contrast;
  dataset["density"] = density;
  style.setProperty("--text-size", String(textSize));
  showRoom(textSize);
  const ground = getComputedStyle(document.documentElement).getPropertyValue("--background");
  document.querySelector('meta[name="theme-color"]')?.setAttribute("content", ground.trim());
}

/** How wide the window is by the size of its text: what is in a row there needs more room in a larger one. */
function showRoom(textSize: number): void {
  const room = innerWidth / textSize;
  const little = matchMedia("(pointer: coarse)").matches ? TWO_ROWS_COARSE : TWO_ROWS;
  document.documentElement.dataset["room"] = room <= little ? "little" : room <= SHORT ? "some" : "enough";
}

/** The theme that is shown: the chosen one, or what the system has. */
function useTheme(): "dark" | "light" {
  const chosen = useSettings((settings) => settings.theme);
  const light = useSyncExternalStore(watchScheme, prefersLight);
  return shownTheme(chosen, light);
}

function shownTheme(chosen: Settings["theme"], light: boolean): "dark" | "light" {
  if (chosen !== "system") return chosen;
  return light ? "light" : "dark";
}

function watchScheme(changed: () => void): () => void {
  const scheme = matchMedia("(prefers-color-scheme: light)");
  scheme.addEventListener("change", changed);
  return () => scheme.removeEventListener("change", changed);
}

function prefersLight(): boolean {
  return matchMedia("(prefers-color-scheme: light)").matches;
}
