import { useRef, useState, type FocusEvent, type KeyboardEvent } from "react";
import { evaluate } from "../model/values/expression";
import { beyond, fitted, grouped, nudged, shown, type Numeric } from "../model/values/number";
import type { Widget } from "../model/catalog/catalog";
import { t } from "../i18n/text";

interface Entered {
  readonly name: string;
  readonly value: Numeric;
  readonly widget: Widget;
  readonly mixed: boolean;
  readonly change: (value: Numeric, gesture: string | undefined) => void;
}

/** From the focus to leaving the field: one step of undo. */
interface Session {
  readonly before: Numeric;
  readonly gesture: string;
}

/** Typing a number: arithmetic, arrows to nudge, Enter to take it, Escape to leave it as it was. */
export function useNumberEntry({ name, value, widget, mixed, change }: Entered) {
  const session = useRef<Session | null>(null);
  const [text, setText] = useState<string | null>(null);

  function set(next: Numeric): void {
    if (mixed || shown(next, widget) !== shown(value, widget)) change(next, session.current?.gesture);
  }

  function focus({ target, timeStamp }: FocusEvent<HTMLInputElement>): void {
    session.current = { before: value, gesture: `number:${name}:${timeStamp}` };
    const plain = mixed ? "" : shown(value, widget);
    setText(plain);
    // Now, for whoever types at once; and again when the number stands there without its gaps. In
    // some browsers selecting takes the focus: a field that was left by then must not take it back.
    target.select();
    requestAnimationFrame(() => target.value === plain && document.activeElement === target && target.select());
  }

  function end(next: Numeric | null): void {
    if (next !== null) set(next);
    setText(null);
    session.current = null;
  }

  /** Leaving the field after Enter or Escape has nothing more to say. */
  function commit(): void {
    const entered = text === null || !session.current ? null : evaluate(text);
    end(entered === null ? null : fitted(entered, widget));
  }

  function nudge(by: number): void {
    const next = nudged((text === null ? null : evaluate(text)) ?? value, by, widget);
    setText(shown(next, widget));
    set(next);
  }

  function key(event: KeyboardEvent<HTMLInputElement>): void {
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      commit();
      event.currentTarget.blur();
    } else if (event.key === "Escape") {
      end(mixed ? null : (session.current?.before ?? null));
      event.currentTarget.blur();
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      nudge((event.key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 10 : 1));
    } else return;
    event.stopPropagation();
  }

  return { text, setText, focus, commit, key, complaint: text ? complaintAbout(text, widget) : "" };
}

/** Why what is being typed will not be taken as it is. */
function complaintAbout(text: string, widget: Widget): string {
  const entered = evaluate(text);
  if (entered === null) return t("field.noNumber");
  const bound = beyond(entered, widget);
  if (bound === null) return "";
  const limit = grouped(bound === "min" ? (widget.min ?? 0) : (widget.max ?? 0), { ...widget, step: 1 });
  return bound === "min" ? t("field.least", { limit }) : t("field.most", { limit });
}
