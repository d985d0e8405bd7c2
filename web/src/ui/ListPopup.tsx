import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { createPortal } from "react-dom";
import { t } from "../i18n/text";
import styles from "./ListPopup.module.css";

export interface ListItem<T> {
  readonly value: T;
  readonly label: string;
  /** What else finds it. */
  readonly words?: string;
}

interface Props<T> {
  /** Of the list, for whoever says that it controls it. */
  readonly id: string;
  readonly label: string;
  /** What it belongs to: it opens below or above it. */
  readonly anchor: HTMLElement;
  readonly items: readonly ListItem<T>[];
  readonly chosen: number;
  readonly choose: (value: T) => void;
  readonly close: () => void;
  /** What was typed to open it. */
  readonly typed?: string;
  readonly rowHeight?: number;
  readonly renderRow?: (item: ListItem<T>) => ReactNode;
  /** Below the list: what else can be done. */
  readonly footer?: ReactNode;
  readonly empty?: string;
}

const LEAST_WIDTH = 220;
const MOST_HEIGHT = 320;
const EDGE = 8;
const AROUND = 84;

/** A list to choose from, with search; however long, only what is seen is drawn. */
export function ListPopup<T>(props: Props<T>) {
  const { label, anchor, items, choose, close, typed = "", rowHeight = 28, renderRow, footer, empty } = props;
  const { id } = props;
  const inside = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const [query, setQuery] = useState(typed);
  const found = useMemo(() => matching(items, query), [items, query]);
  const [at, setAt] = useState(() => Math.max(0, typed ? 0 : props.chosen));
  const active = Math.min(at, found.length - 1);
  const place = useMemo(() => placed(anchor, items.length * rowHeight + AROUND), [anchor, items.length, rowHeight]);
  // Its functions change what they return; nothing here keeps them.
  // oxlint-disable-next-line react/incompatible-library
  const rows = useVirtualizer({ count: found.length, getScrollElement: () => scroller.current, estimateSize: () => rowHeight, overscan: 6, initialOffset: Math.max(0, active - 3) * rowHeight });
  useAway(inside, anchor, close);

  const move = (next: number): void => {
    const to = Math.max(0, Math.min(found.length - 1, next));
    setAt(to);
    rows.scrollToIndex(to);
  };
  const key = (event: KeyboardEvent): void => {
    event.stopPropagation();
    const item = found[active];
    const next = placeAfter(event.key, active, found.length, query === "");
    if (next !== null) move(next);
    else if (event.key === "Enter" && item) choose(item.value);
    else if (event.key === "Escape" || event.key === "Tab") close();
    else return;
    if (event.key !== "Tab") event.preventDefault();
  };

  return createPortal(
    <div ref={inside} data-zoom-inside role="presentation" className={styles["popup"]} style={place} onKeyDown={key}>
      <input
        className={styles["search"]}
        role="combobox"
        aria-label={label}
        aria-expanded
        aria-controls={id}
        aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
        aria-autocomplete="list"
        placeholder={t("list.search", { count: items.length })}
        ref={(input) => input?.focus({ preventScroll: true })}
        value={query}
        spellCheck={false}
        onChange={(event) => {
          setQuery(event.target.value);
          move(0);
        }}
      />
      <div ref={scroller} id={id} role="listbox" aria-label={label} className={styles["scroll"]}>
        <ul role="presentation" style={{ height: rows.getTotalSize(), position: "relative" }}>
          {rows.getVirtualItems().map(({ index, start }) => {
            const item = found[index];
            if (!item) return null;
            return (
              // Keys are the search field's, which keeps the focus.
              // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
              <li
                key={item.label}
                id={`${id}-${index}`}
                role="option"
                aria-selected={item === items[props.chosen]}
                data-active={index === active || undefined}
                className={styles["option"]}
                style={{ position: "absolute", top: start, height: rowHeight }}
                onPointerMove={() => index !== active && setAt(index)}
                onPointerDown={(event) => event.preventDefault()}
                onClick={() => choose(item.value)}
              >
                {renderRow ? renderRow(item) : <span className={styles["name"]}>{item.label}</span>}
              </li>
            );
          })}
        </ul>
        {found.length === 0 && <p className={styles["empty"]}>{query ? t("list.none", { query }) : (empty ?? t("field.none"))}</p>}
      </div>
      {footer}
    </div>,
    document.body,
  );
}

/** Where a key leads in the list; `null` if it is none that moves. */
function placeAfter(key: string, active: number, count: number, untyped: boolean): number | null {
  const step = STEPS.get(key);
  if (step !== undefined) return active + step;
  if (key === "Home" && untyped) return 0;
  return key === "End" && untyped ? count - 1 : null;
}

const STEPS: ReadonlyMap<string, number> = new Map([["ArrowDown", 1], ["ArrowUp", -1], ["PageDown", 8], ["PageUp", -8]]);

/** Every word that was typed must be in the name; names that begin with the first come first. */
function matching<T>(items: readonly ListItem<T>[], query: string): readonly ListItem<T>[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const [first] = words;
  if (first === undefined) return items;
  const text = (item: ListItem<T>): string => `${item.label} ${item.words ?? ""}`.toLowerCase();
  const found = items.filter((item) => words.every((word) => text(item).includes(word)));
  return found.toSorted((a, b) => Number(text(b).startsWith(first)) - Number(text(a).startsWith(first)));
}

/** Below what it belongs to, or above it where there is more room; never outside the window. */
function placed(anchor: HTMLElement, wanted: number) {
  const box = anchor.getBoundingClientRect();
  const width = Math.min(Math.max(LEAST_WIDTH, box.width), innerWidth - 2 * EDGE);
  const left = Math.max(EDGE, Math.min(box.left, innerWidth - width - EDGE));
  const [below, above] = [innerHeight - box.bottom - EDGE, box.top - EDGE];
  const height = Math.min(wanted, MOST_HEIGHT);
  if (below >= height || below >= above) return { left, width, top: box.bottom + 4, maxHeight: Math.min(MOST_HEIGHT, below - 4) };
  return { left, width, bottom: innerHeight - box.top + 4, maxHeight: Math.min(MOST_HEIGHT, above - 4) };
}

/** Close when something else is pressed, scrolled or resized. */
function useAway(inside: { readonly current: HTMLElement | null }, anchor: HTMLElement, close: () => void): void {
  useEffect(() => {
    const press = (event: Event): void => {
      const target = event.target as Node;
      if (!inside.current?.contains(target) && !anchor.contains(target)) close();
    };
    addEventListener("pointerdown", press, true);
    addEventListener("wheel", press, { capture: true, passive: true });
    addEventListener("resize", close);
    return () => {
      removeEventListener("pointerdown", press, true);
      removeEventListener("wheel", press, { capture: true });
      removeEventListener("resize", close);
    };
  }, [inside, anchor, close]);
}
