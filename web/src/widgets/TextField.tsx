import { useRef, useState, type KeyboardEvent } from "react";
import { weighted } from "../model/values/weighting";
import { portLabel } from "../ui/format";
import { t } from "../i18n/text";
import { Completion, useCompletion } from "./Completion";
import { Field, spoken } from "./Field";
import styles from "./Field.module.css";
import type { WidgetProps } from "./types";

const STEP = 0.1;
const FINE_STEP = 0.05;

/**
 * A line or a box of text. The browser's own undo works inside; leaving it ends the step. In a box
 * Ctrl+Up and Ctrl+Down weigh the word or the selection, and names of embeddings are completed.
 */
export function TextField(props: WidgetProps) {
  const { port, value, problem, mixed, change } = props;
  const session = useRef("");
  const text = mixed ? "" : typeof value === "string" ? value : value === undefined || value === null ? "" : String(value);
  const common = {
    value: text,
    spellCheck: false,
    ...spoken(port, problem),
    placeholder: mixed ? t("field.mixed") : (port.widget?.placeholder || (port.widget?.multiline ? portLabel(port) : "")),
    onFocus: () => {
      session.current = `text:${port.name}:${performance.now()}`;
    },
    onChange: (event: { target: { value: string } }) => change(event.target.value, session.current),
  };
  if (port.widget?.multiline) return <TextBox {...props} common={common} />;
  return (
    <Field port={port} problem={problem}>
      <input className={styles["input"]} autoComplete="off" {...common} onKeyDown={(event) => event.key === "Enter" && !event.ctrlKey && event.currentTarget.blur()} />
    </Field>
  );
}

interface BoxProps extends WidgetProps {
  common: { value: string };
}

function TextBox({ port, problem, common }: BoxProps) {
  const box = useRef<HTMLTextAreaElement>(null);
  const [caret, setCaret] = useState<number | null>(null);
  const completion = useCompletion(common.value, caret, (from, to, words) => replace(box.current, from, to, words));

  function key(event: KeyboardEvent<HTMLTextAreaElement>): void {
    if (completion.takes(event)) return;
    const up = event.key === "ArrowUp";
    if (!(event.ctrlKey || event.metaKey) || event.altKey || (!up && event.key !== "ArrowDown")) return;
    event.preventDefault();
    event.stopPropagation();
    const { value, selectionStart, selectionEnd } = event.currentTarget;
    const made = weighted(value, selectionStart, selectionEnd, (up ? 1 : -1) * (event.shiftKey ? FINE_STEP : STEP));
    if (!made) return;
    replace(event.currentTarget, made.from, made.to, made.text);
    event.currentTarget.setSelectionRange(made.start, made.end);
  }

  return (
    <Field port={port} problem={problem} bare className={`${styles["textField"]} nowheel`}>
      <textarea
        ref={box}
        className={styles["text"]}
        {...common}
        onKeyDown={key}
        onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
        onBlur={() => setCaret(null)}
      />
      <Completion words={completion.words} chosen={completion.chosen} choose={completion.choose} anchor={box} />
    </Field>
  );
}

/** As if it were typed, so that the browser can undo it and tells everybody who listens. */
function replace(box: HTMLTextAreaElement | null, from: number, to: number, words: string): void {
  if (!box) return;
  box.setSelectionRange(from, to);
  // There is no other way to change a field that its own undo knows of.
  if (document.execCommand("insertText", false, words)) return;
  box.setRangeText(words, from, to, "end");
  box.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText", data: words }));
}
