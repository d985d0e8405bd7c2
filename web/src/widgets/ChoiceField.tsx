import { ChevronDown } from "lucide-react";
import { useCallback, useId, useMemo, useState, type KeyboardEvent, type ReactNode } from "react";
import type { Choice } from "../model/catalog/catalog";
import { keptText } from "../model/catalog/placeholder";
import { ListPopup, type ListItem } from "../ui/ListPopup";
import { portLabel } from "../ui/format";
import { t } from "../i18n/text";
import { Field, spoken } from "./Field";
import styles from "./Field.module.css";
import type { WidgetProps } from "./types";

interface Props extends WidgetProps {
  /** How a choice is shown in the list. */
  renderRow?: (item: ListItem<Choice>) => ReactNode;
  rowHeight?: number;
  footer?: ReactNode;
  /** What else finds a choice. */
  words?: (choice: Choice) => string;
  /** The list is about to be seen. */
  opened?: () => void;
  children?: ReactNode;
}

/** One of some values, found by typing; a value that is no longer among them stays and says so. */
export function ChoiceField({ port, value, problem, mixed, change, renderRow, rowHeight, footer, words, opened, children }: Props) {
  const [button, setButton] = useState<HTMLButtonElement | null>(null);
  const [open, setOpen] = useState<{ readonly typed: string } | null>(null);
  const listId = useId();
  const choices = port.widget?.choices ?? NONE;
  const chosen = mixed ? -1 : choices.indexOf(value as Choice);
  const nothing = value === undefined || value === "" || (value === null && (port.default ?? null) === null);
  const missing = !mixed && !nothing && chosen < 0;
  const items = useMemo(() => choices.map((choice) => ({ value: choice, label: shownName(choice), ...(words && { words: words(choice) }) })), [choices, words]);
  const close = useCallback(() => {
    setOpen(null);
    button?.focus();
  }, [button]);

  function show(typed = ""): void {
    opened?.();
    setOpen({ typed });
  }

  function key(event: KeyboardEvent): void {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const next = choices[chosen + step];
    if (step && event.altKey) show();
    else if (step && next !== undefined) change(next, `step:${port.name}`);
    else if (!step && event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey) show(event.key);
    else if (!step) return;
    event.preventDefault();
    event.stopPropagation();
  }

  const text = mixed ? t("field.mixed") : missing ? t("field.missing", { name: shownName(keptText(value)) }) : chosen < 0 ? t("field.none") : (items[chosen]?.label ?? "");
  return (
    <Field port={port} problem={problem} className={missing && !problem ? (styles["wrong"] ?? "") : ""}>
      <button
        ref={setButton}
        type="button"
        role="combobox"
        className={styles["choice"]}
        {...spoken(port, problem)}
        {...(missing && { "aria-invalid": true })}
        aria-haspopup="listbox"
        aria-expanded={open !== null}
        aria-controls={listId}
        onClick={() => (open ? close() : show())}
        onKeyDown={key}
      >
        <span>{text}</span>
        <ChevronDown size={12} aria-hidden="true" />
      </button>
      {children}
      {open && button && (
        <ListPopup
          id={listId}
          label={portLabel(port)}
          anchor={button.parentElement ?? button}
          items={items}
          chosen={chosen}
          typed={open.typed}
          close={close}
          choose={(choice) => {
            change(choice);
            close();
          }}
          {...(renderRow && { renderRow })}
          {...(rowHeight && { rowHeight })}
          footer={footer}
        />
      )}
    </Field>
  );
}

const NONE: readonly Choice[] = [];

/** Model files are known by their name; the ending is the same for all. */
export function shownName(choice: Choice): string {
  return String(choice).replace(/\.safetensors$/, "");
}
