import { useEffect, useSyncExternalStore } from "react";
import { useSettings } from "../state/context";

/** Theme, contrast, density and text size, as attributes that the style sheets read. */
export function useAppearance(): void {
  const theme = useTheme();
  const contrast = useSettings((settings) => settings.contrast);
  const density = useSettings((settings) => settings.density);
  const textSize = useSettings((settings) => settings.textSize);
  useEffect(() => {
    const { dataset, style } = document.documentElement;
    dataset["theme"] = theme;
    dataset["contrast"] = contrast;
    dataset["density"] = density;
    style.setProperty("--text-size", String(textSize));
  }, [theme, contrast, density, textSize]);
}

/** The theme that is shown: the chosen one, or what the system has. */
export function useTheme(): "dark" | "light" {
  const chosen = useSettings((settings) => settings.theme);
  const light = useSyncExternalStore(watchScheme, prefersLight);
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
