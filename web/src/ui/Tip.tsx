import { useEffect, useState } from "react";
import styles from "./Tip.module.css";

const WAIT_MS = 500;
const NEAR = 6;
const WIDTH = 280;

interface Shown {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly above: boolean;
}

/**
 * The help of whatever is pointed at or has the keyboard's focus: the nearest `data-tip` around it.
 * One for the whole page: nothing is mounted per field. Screen readers have it as a description.
 */
export function Tip() {
  const [shown, setShown] = useState<Shown | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let about: Element | null = null;
    const hide = (): void => {
      clearTimeout(timer);
      about = null;
      setShown(null);
    };
    const show = (target: EventTarget | null, wait: number): void => {
      const place = target instanceof Element ? target.closest<HTMLElement>("[data-tip]") : null;
      if (place === about) return;
      hide();
      if (!place?.dataset["tip"]) return;
      about = place;
      timer = setTimeout(() => place.isConnected && setShown(besides(place)), wait);
    };
    let rest = "";
    const point = (event: PointerEvent): void => {
      const place = `${event.clientX},${event.clientY}`;
      // What only moved below a resting pointer does not take the keyboard's tip away.
      if (event.pointerType === "touch" || place === rest) return;
      rest = place;
      show(event.target, WAIT_MS);
    };
    const focus = (event: FocusEvent): void => {
      if (event.target instanceof Element && event.target.matches(":focus-visible")) show(event.target, WAIT_MS);
    };
    const listeners = [
      ["pointerover", point],
      ["focusin", focus],
      ["focusout", hide],
      ["pointerdown", hide],
      ["keydown", hide],
      ["wheel", hide],
    ] as const;
    for (const [type, listener] of listeners) document.addEventListener(type, listener as EventListener, { passive: true, capture: true });
    return () => {
      clearTimeout(timer);
      for (const [type, listener] of listeners) document.removeEventListener(type, listener as EventListener, { capture: true });
    };
  }, []);
  if (!shown) return null;
  const { text, x, y, above } = shown;
  return (
    <div data-zoom-inside className={styles["tip"]} role="tooltip" aria-hidden="true" style={{ left: x, ...(above ? { bottom: innerHeight - y } : { top: y }) }}>
      {text.split("\n").map((line) => (
        <p key={line}>{line}</p>
      ))}
    </div>
  );
}

function besides(place: HTMLElement): Shown {
  const box = place.getBoundingClientRect();
  const above = box.bottom > innerHeight * 0.75;
  const x = Math.max(8, Math.min(box.left, innerWidth - WIDTH - 8));
  return { text: place.dataset["tip"] ?? "", x, y: above ? box.top - NEAR : box.bottom + NEAR, above };
}
