import { portLabel } from "../ui/format";
import styles from "./Field.module.css";
import type { WidgetProps } from "./types";

/** On or off. */
export function ToggleField({ port, value, wrong, change }: WidgetProps) {
  return (
    <label className={`${styles["field"]} ${wrong ? styles["wrong"] : ""} nodrag nopan`} title={port.help}>
      <span className={styles["label"]}>{portLabel(port)}</span>
      <input
        type="checkbox"
        role="switch"
        className={styles["toggle"]}
        checked={value === true}
        aria-checked={value === true}
        onChange={(event) => change(event.target.checked)}
      />
    </label>
  );
}
