import { Field, spoken } from "./Field";
import styles from "./Field.module.css";
import type { WidgetProps } from "./types";

/** On or off. */
export function ToggleField({ port, value, problem, mixed, change }: WidgetProps) {
  return (
    <Field port={port} problem={problem} onClick={(event) => event.currentTarget === event.target && change(value !== true)}>
      <input
        type="checkbox"
        role="switch"
        className={styles["toggle"]}
        {...spoken(port, problem)}
        checked={value === true && !mixed}
        aria-checked={mixed ? "mixed" : value === true}
        onChange={(event) => change(event.target.checked)}
      />
    </Field>
  );
}
