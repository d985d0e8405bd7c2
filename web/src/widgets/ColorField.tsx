import { useRef, useState } from "react";
import { colorText, parseColor } from "../model/values/color";
import { t } from "../i18n/text";
import { Field, spoken } from "./Field";
import styles from "./Field.module.css";
import type { WidgetProps } from "./types";

/** A colour: as `#rrggbb`, by the browser's own picker. Stored as text, or as a number where one is wanted. */
export function ColorField({ port, value, problem, mixed, change }: WidgetProps) {
  const session = useRef("");
  const [text, setText] = useState<string | null>(null);
  const color = colorText(value);
  const begin = (): void => {
    session.current = `color:${port.name}:${performance.now()}`;
  };
  const set = (entered: string): void => {
    const next = parseColor(entered);
    if (next !== null && next !== color) change(port.type === "INT" ? Number.parseInt(next.slice(1), 16) : next, session.current);
  };
  const isOff = text !== null && parseColor(text) === null;
  return (
    <Field port={port} problem={problem} className={isOff ? (styles["wrong"] ?? "") : ""}>
      {isOff && (
        <span className={styles["complaint"]} role="status">
          {t("field.noColor")}
        </span>
      )}
      <input
        className={styles["input"]}
        {...spoken(port, problem)}
        spellCheck={false}
        autoComplete="off"
        placeholder={mixed ? t("field.mixed") : "#000000"}
        value={text ?? (mixed ? "" : color)}
        onFocus={(event) => {
          begin();
          setText(mixed ? "" : color);
          event.target.select();
        }}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => {
          if (text !== null) set(text);
          setText(null);
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape") setText(null);
          if (event.key === "Enter" || event.key === "Escape") {
            event.stopPropagation();
            requestAnimationFrame(() => (event.target as HTMLElement).blur());
            if (event.key === "Enter" && text !== null) set(text);
          }
        }}
      />
      <input
        type="color"
        className={styles["swatch"]}
        aria-label={t("field.pickColor", { name: port.name })}
        value={parseColor(color) ?? "#000000"}
        onPointerDown={begin}
        onFocus={begin}
        onChange={(event) => set(event.target.value)}
      />
    </Field>
  );
}
