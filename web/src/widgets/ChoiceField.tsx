import { ChevronDown } from "lucide-react";
import type { Choice } from "../model/catalog";
import { portLabel } from "../ui/format";
import { t } from "../i18n/text";
import styles from "./Field.module.css";
import type { WidgetProps } from "./types";

/** One of some values; a value that is no longer among them stays and says so. */
export function ChoiceField({ port, value, wrong, change }: WidgetProps) {
  const choices = port.widget?.choices ?? [];
  const index = choices.findIndex((choice) => choice === value);
  const missing = value !== undefined && value !== null && index < 0;
  return (
    <label className={`${styles["field"]} ${wrong || missing ? styles["wrong"] : ""} nodrag nopan`} title={port.help}>
      <span className={styles["label"]}>{portLabel(port)}</span>
      <select
        className={styles["select"]}
        aria-label={portLabel(port)}
        aria-invalid={wrong || missing}
        value={index}
        onChange={(event) => change(choices[Number(event.target.value)] ?? null)}
      >
        {index < 0 && (
          <option value={-1} disabled>
            {missing ? t("field.missing", { name: shownName(value as Choice) }) : t("field.none")}
          </option>
        )}
        {choices.map((choice, place) => (
          <option key={String(choice)} value={place}>
            {shownName(choice)}
          </option>
        ))}
      </select>
      <ChevronDown size={12} className={styles["chevron"]} aria-hidden="true" />
    </label>
  );
}

/** Model files are known by their name; the ending is the same for all. */
function shownName(choice: Choice): string {
  return String(choice).replace(/\.safetensors$/, "");
}
