import { useState } from "react";
import { parseJson, toJson } from "../model/format/json";
import type { Json } from "../model/document/document";
import { t } from "../i18n/text";
import { Field, spoken } from "./Field";
import styles from "./Field.module.css";
import type { WidgetProps } from "./types";

/** Lists and objects, and kinds that a newer server invents: as JSON, which is taken only when it is whole. */
export function JsonField({ port, value, problem, mixed, change }: WidgetProps) {
  const [text, setText] = useState<string | null>(null);
  const plain = typeof value === "string" && port.type !== "JSON";
  const shown = mixed || value === undefined ? "" : plain ? value : toJson(value);
  const read = text === null ? null : reading(text, plain);
  const fault = read && "fault" in read ? read.fault : "";
  const commit = (): void => {
    if (read && "value" in read && text !== shown) change(read.value);
    setText(null);
  };
  return (
    <Field port={port} problem={problem} className={fault ? (styles["wrong"] ?? "") : ""}>
      {fault && (
        <span className={styles["complaint"]} role="status">
          {fault}
        </span>
      )}
      <input
        className={styles["input"]}
        {...spoken(port, problem)}
        {...(fault && { "aria-invalid": true })}
        spellCheck={false}
        autoComplete="off"
        placeholder={mixed ? t("field.mixed") : undefined}
        value={text ?? shown}
        onFocus={() => setText(shown)}
        onChange={(event) => setText(event.target.value)}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === "Escape") setText(null);
          else if (event.key === "Enter" && !event.ctrlKey) commit();
          else return;
          event.stopPropagation();
        }}
      />
    </Field>
  );
}

function reading(text: string, plain: boolean): { value: Json } | { fault: string } {
  if (plain) return { value: text };
  if (text.trim() === "") return { value: null };
  try {
    return { value: parseJson(text) as Json };
  } catch {
    return { fault: t("field.noJson") };
  }
}
