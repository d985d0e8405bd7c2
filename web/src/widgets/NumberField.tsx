import { useRef, useState, type FocusEvent, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";
import { evaluate } from "../model/expression";
import { fitted, grouped, nudged, shown } from "../model/number";
import { portLabel } from "../ui/format";
import styles from "./Field.module.css";
import type { WidgetProps } from "./types";

const PIXELS_PER_STEP = 5;
const CLICK_PIXELS = 3;

/** A number: drag to scrub, click or type to edit, arithmetic allowed, arrows to nudge. */
export function NumberField({ port, value, wrong, change, children }: WidgetProps & { children?: ReactNode }) {
  const widget = port.widget ?? { kind: "float" };
  const number = typeof value === "number" ? value : Number(value ?? 0);
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState<string | null>(null);
  const scrub = useScrub(number, (nudges, start, gesture) => change(nudged(start, nudges, widget), gesture), () => {
    input.current?.focus();
  });

  function edit(event: FocusEvent<HTMLInputElement>): void {
    const { target } = event;
    setText(shown(number, widget));
    requestAnimationFrame(() => target.select());
  }

  function commit(): void {
    const entered = text === null ? null : evaluate(text);
    if (entered !== null && shown(fitted(entered, widget), widget) !== shown(number, widget))
      change(fitted(entered, widget));
    setText(null);
  }

  function key(event: KeyboardEvent<HTMLInputElement>): void {
    if (event.key === "Enter") {
      commit();
      event.currentTarget.blur();
    } else if (event.key === "Escape") {
      setText(null);
      event.currentTarget.blur();
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      const from = text === null ? number : (evaluate(text) ?? number);
      const nudges = (event.key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 10 : 1);
      const next = nudged(from, nudges, widget);
      setText(shown(next, widget));
      change(next, `nudge:${port.name}`);
    } else return;
    event.stopPropagation();
  }

  const state = `${wrong ? styles["wrong"] : ""} ${scrub.active ? styles["scrubbing"] : ""}`;
  return (
    <div className={`${styles["field"]} ${styles["scrub"]} ${state} nodrag nopan`} title={port.help} {...scrub.handlers}>
      <span className={styles["label"]}>{portLabel(port)}</span>
      <input
        ref={input}
        className={styles["input"]}
        aria-label={portLabel(port)}
        aria-invalid={wrong}
        inputMode="decimal"
        spellCheck={false}
        autoComplete="off"
        value={text ?? grouped(number, widget)}
        onChange={(event) => setText(event.target.value)}
        onFocus={edit}
        onBlur={commit}
        onKeyDown={key}
      />
      {children}
    </div>
  );
}

/** Horizontal dragging as nudges; a press that does not move is a click. */
function useScrub(
  value: number,
  move: (nudges: number, start: number, gesture: string) => void,
  click: () => void,
) {
  const from = useRef<{ x: number; value: number; gesture: string } | null>(null);
  const [active, setActive] = useState(false);
  const handlers = {
    onPointerDown(event: PointerEvent<HTMLElement>): void {
      const target = event.target as HTMLElement;
      if (event.button !== 0 || target.closest("button") || target === document.activeElement) return;
      event.preventDefault();
      event.currentTarget.setPointerCapture(event.pointerId);
      from.current = { x: event.clientX, value, gesture: `scrub:${event.timeStamp}` };
    },
    onPointerMove(event: PointerEvent<HTMLElement>): void {
      const start = from.current;
      if (!start) return;
      const distance = event.clientX - start.x;
      if (!active && Math.abs(distance) < CLICK_PIXELS) return;
      setActive(true);
      const scale = event.shiftKey ? 10 : event.altKey ? 0.2 : 1;
      move(Math.trunc((distance / PIXELS_PER_STEP) * scale), start.value, start.gesture);
    },
    onPointerUp(): void {
      if (from.current && !active) click();
      from.current = null;
      setActive(false);
    },
    onPointerCancel(): void {
      from.current = null;
      setActive(false);
    },
  };
  return { active, handlers };
}
