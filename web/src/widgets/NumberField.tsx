import { useRef, useState, type CSSProperties, type FocusEvent, type KeyboardEvent, type ReactNode } from "react";
import { evaluate } from "../model/expression";
import { beyond, fitted, grouped, isSlidable, isWhole, nudged, numeric, shown, stepOf, type Numeric } from "../model/number";
import { unitOf } from "../model/units";
import { t } from "../i18n/text";
import { Field, spoken } from "./Field";
import styles from "./Field.module.css";
import type { WidgetProps } from "./types";
import { useScrub } from "./useScrub";

const PIXELS_PER_STEP = 5;

/** From the focus to leaving the field: one step of undo. */
interface Session {
  readonly before: Numeric;
  readonly gesture: string;
}

/**
 * A number: drag to scrub, click or type to edit, arithmetic allowed, arrows to nudge, Escape to
 * leave it as it was. Where its bounds are near it is a slider: the field shows how full it is.
 */
export function NumberField({ port, value, problem, mixed, change, children }: WidgetProps & { children?: ReactNode }) {
  const widget = port.widget ?? { kind: "float" };
  const number = numeric(value);
  const input = useRef<HTMLInputElement>(null);
  const session = useRef<Session | null>(null);
  const [text, setText] = useState<string | null>(null);
  const slider = isSlidable(widget);
  const scrub = useScrub({
    value: number,
    pixelsPerNudge: (field) => (slider ? field.clientWidth / ((Number(widget.max) - Number(widget.min)) / stepOf(widget)) : PIXELS_PER_STEP),
    move: (nudges, start, gesture) => change(nudged(start, nudges, widget), gesture),
    restore: change,
    click: () => input.current?.focus(),
  });

  function set(next: Numeric): void {
    if (shown(next, widget) !== shown(number, widget) || mixed || typeof value === "string") change(next, session.current?.gesture);
  }

  function edit({ target, timeStamp }: FocusEvent<HTMLInputElement>): void {
    session.current = { before: number, gesture: `number:${port.name}:${timeStamp}` };
    const plain = mixed ? "" : shown(number, widget);
    setText(plain);
    // Whoever types at once is not interrupted.
    requestAnimationFrame(() => target.value === plain && target.select());
  }

  function commit(): void {
    // Leaving the field after Enter or Escape has nothing more to say.
    const entered = text === null || !session.current ? null : evaluate(text);
    if (entered !== null) set(fitted(entered, widget));
    setText(null);
    session.current = null;
  }

  function restore(): void {
    if (session.current && !mixed) set(session.current.before);
    setText(null);
    session.current = null;
  }

  function key(event: KeyboardEvent<HTMLInputElement>): void {
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      commit();
      event.currentTarget.blur();
    } else if (event.key === "Escape") {
      restore();
      event.currentTarget.blur();
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      const nudges = (event.key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 10 : 1);
      const next = nudged((text === null ? null : evaluate(text)) ?? number, nudges, widget);
      setText(shown(next, widget));
      set(next);
    } else return;
    event.stopPropagation();
  }

  const complaint = text === null || text === "" ? "" : complaintAbout(text, widget);
  const look = [styles["scrub"], scrub.active && styles["scrubbing"], slider && styles["slider"], complaint && styles["wrong"]];
  const part = slider ? (Number(number) - Number(widget.min)) / (Number(widget.max) - Number(widget.min)) : 0;
  const unit = unitOf(port);
  return (
    <Field port={port} problem={problem} className={look.filter(Boolean).join(" ")} style={slider ? ({ "--part": Math.min(1, Math.max(0, part)) } as CSSProperties) : undefined} {...scrub.handlers}>
      {complaint && (
        <span className={styles["complaint"]} role="status">
          {complaint}
        </span>
      )}
      <input
        ref={input}
        className={styles["input"]}
        {...spoken(port, problem)}
        {...(complaint && { "aria-invalid": true })}
        inputMode={isWhole(widget) && Number(widget.min) >= 0 ? "numeric" : "decimal"}
        spellCheck={false}
        autoComplete="off"
        placeholder={mixed ? t("field.mixed") : undefined}
        value={text ?? (mixed ? "" : grouped(number, widget))}
        onChange={(event) => setText(event.target.value)}
        onFocus={edit}
        onBlur={commit}
        onKeyDown={key}
      />
      {unit && !mixed && <span className={styles["unit"]}>{unit}</span>}
      {children}
    </Field>
  );
}

/** Why what is being typed will not be taken as it is. */
function complaintAbout(text: string, widget: NonNullable<WidgetProps["port"]["widget"]>): string {
  const entered = evaluate(text);
  if (entered === null) return t("field.noNumber");
  const bound = beyond(entered, widget);
  if (bound === null) return "";
  const limit = grouped(bound === "min" ? (widget.min ?? 0) : (widget.max ?? 0), { ...widget, step: 1 });
  return bound === "min" ? t("field.least", { limit }) : t("field.most", { limit });
}
