import { useStoreApi } from "@xyflow/react";
import { useLayoutEffect, useRef } from "react";
import { GRID } from "../model/layout/geometry";
import styles from "./Dots.module.css";

/** On the screen, in pixels: from far away, only every second dot is there, or every fourth. */
const LEAST_GAP = 11;

/**
 * The grid, as dots. A layer of its own, one step larger than the surface: a pan moves it without
 * painting anything.
 */
export function Dots() {
  const store = useStoreApi();
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const place = (): void => {
      const [x, y, zoom] = store.getState().transform;
      const dots = element.current;
      if (!dots) return;
      const gap = gapAt(zoom);
      const size = `${gap}px`;
      if (dots.style.backgroundSize !== `${size} ${size}`) {
        dots.style.inset = `-${size}`;
        dots.style.backgroundSize = `${size} ${size}`;
        dots.style.setProperty("--dot", `${Math.max(0.6, Math.min(1, 0.8 * zoom))}px`);
      }
      dots.style.transform = `translate(${rest(x, gap)}px, ${rest(y, gap)}px)`;
    };
    place();
    return store.subscribe(({ transform }, before) => {
      if (transform !== before.transform) place();
    });
  }, [store]);
  return <div ref={element} className={styles["dots"]} aria-hidden="true" />;
}

/** Between two dots, in pixels of the screen. */
function gapAt(zoom: number): number {
  let gap = GRID * zoom;
  while (gap < LEAST_GAP) gap *= 2;
  return gap;
}

/** What is left of a length when whole gaps are taken away. */
function rest(length: number, gap: number): number {
  return ((length % gap) + gap) % gap;
}
