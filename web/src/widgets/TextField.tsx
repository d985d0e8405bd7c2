import { useRef } from "react";
import { portLabel } from "../ui/format";
import styles from "./Field.module.css";
import type { WidgetProps } from "./types";

/** A line or a box of text. The browser's own undo works inside; leaving it ends the step. */
export function TextField({ port, value, wrong, change }: WidgetProps) {
  const session = useRef("");
  const text = typeof value === "string" ? value : value === undefined ? "" : String(value);
  const state = wrong ? styles["wrong"] : "";
  const common = {
    value: text,
    spellCheck: false,
    "aria-label": portLabel(port),
    "aria-invalid": wrong,
    placeholder: port.widget?.placeholder ?? (port.widget?.multiline ? portLabel(port) : ""),
    onFocus: () => {
      session.current = `text:${port.name}:${performance.now()}`;
    },
    onChange: (event: { target: { value: string } }) => change(event.target.value, session.current),
  };
  if (port.widget?.multiline)
    return (
      <div className={`${styles["field"]} ${styles["textField"]} ${state} nodrag nopan nowheel`} style={{ height: "100%" }}>
        <textarea className={styles["text"]} {...common} />
      </div>
    );
  return (
    <label className={`${styles["field"]} ${state} nodrag nopan`} title={port.help}>
      <span className={styles["label"]}>{portLabel(port)}</span>
      <input className={styles["input"]} autoComplete="off" {...common} />
    </label>
  );
}
