import { useSyncExternalStore } from "react";
import { useSettings } from "../state/context";

/** Heights of a list's rows by density, in pixels; a finger needs more. */
const ROWS = { compact: 24, normal: 28, roomy: 34 } as const;
const FINGER = 42;

/** How high a row of a list beside the canvas is. */
export function useRowHeight(): number {
  const density = useSettings((settings) => settings.density);
  const coarse = useSyncExternalStore(watchPointer, isCoarse);
  return coarse ? FINGER : ROWS[density];
}

function watchPointer(changed: () => void): () => void {
  const pointer = matchMedia("(pointer: coarse)");
  pointer.addEventListener("change", changed);
  return () => pointer.removeEventListener("change", changed);
}

function isCoarse(): boolean {
  return matchMedia("(pointer: coarse)").matches;
}
