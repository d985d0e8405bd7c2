import { useRef, type CSSProperties, type ReactNode } from "react";
import type { Widget } from "../model/catalog/catalog";
import { keptText } from "../model/catalog/placeholder";
import { grouped, isNoNumber, isSlidable, isWhole, nudged, numeric, stepOf, type Numeric } from "../model/values/number";
import { unitOf } from "../model/values/units";
import { t } from "../i18n/text";
import { Field, spoken } from "./Field";
import styles from "./Field.module.css";
import type { WidgetProps } from "./types";
import { useNumberEntry } from "./useNumberEntry";
import { useScrub } from "./useScrub";

const PIXELS_PER_STEP = 5;

/**
 * A number: drag to scrub, click or type to edit. Where its bounds are near it is a slider: the
 * field shows how full it is, and its width is the whole range.
 */
export function NumberField({ port, value, problem, mixed = false, change, children }: WidgetProps & { children?: ReactNode }) {
  const widget = port.widget ?? { kind: "float" };
  const number = numeric(value);
  const input = useRef<HTMLInputElement>(null);
  const odd = !mixed && value !== port.default && isNoNumber(value) ? keptText(value) : null;
  const entry = useNumberEntry({ name: port.name, value: number, widget, mixed: mixed || odd !== null, change });
  const slider = isSlidable(widget);
  const scrub = useScrub({
    value: number,
    pixelsPerNudge: (field) => (slider ? (field.clientWidth * stepOf(widget)) / spanOf(widget) : PIXELS_PER_STEP),
    move: (nudges, start, gesture) => change(nudged(start, nudges, widget), gesture),
    restore: change,
    click: () => input.current?.focus(),
  });
  const look = [styles["scrub"], scrub.active && styles["scrubbing"], slider && styles["slider"], (entry.complaint || odd !== null) && styles["wrong"]];
  const unit = unitOf(port);
  return (
    <Field port={port} problem={problem} className={look.filter(Boolean).join(" ")} style={slider ? fullness(number, widget) : undefined} {...scrub.handlers}>
      {entry.complaint && (
        <span className={styles["complaint"]} role="status">
          {entry.complaint}
        </span>
      )}
      <input
        ref={input}
        className={styles["input"]}
        {...spoken(port, problem)}
        {...((entry.complaint || odd !== null) && { "aria-invalid": true })}
        inputMode={isWhole(widget) && Number(widget.min) >= 0 ? "numeric" : "decimal"}
        spellCheck={false}
        autoComplete="off"
        placeholder={mixed ? t("field.mixed") : undefined}
        value={entry.text ?? (mixed ? "" : (odd ?? grouped(number, widget)))}
        onChange={(event) => entry.setText(event.target.value)}
        onFocus={entry.focus}
        onBlur={entry.commit}
        onKeyDown={entry.key}
      />
      {unit && !mixed && <span className={styles["unit"]}>{unit}</span>}
      {children}
    </Field>
  );
}

function spanOf({ min, max }: Widget): number {
  return Number(max) - Number(min);
}

function fullness(value: Numeric, widget: Widget): CSSProperties {
  const part = (Number(value) - Number(widget.min)) / spanOf(widget);
  return { "--part": Math.min(1, Math.max(0, part)) } as CSSProperties;
}
