import { keptText } from "../model/catalog/placeholder";
import { portLabel } from "../ui/format";
import { Field } from "./Field";
import styles from "./Field.module.css";
import type { WidgetProps } from "./types";

/** A value of a node whose type is missing: it stays as it is, and can be read and copied. */
export function KeptField({ port, value, problem, mixed }: WidgetProps) {
  const text = mixed ? "" : keptText(value);
  if (port.widget?.multiline)
    return (
      <Field port={port} problem={problem} bare className={`${styles["textField"]} ${styles["kept"]} nowheel`}>
        <textarea className={styles["text"]} readOnly value={text} aria-label={portLabel(port)} />
      </Field>
    );
  return (
    <Field port={port} problem={problem} className={styles["kept"] ?? ""}>
      <input className={styles["input"]} readOnly value={text} aria-label={portLabel(port)} />
    </Field>
  );
}
