import { useVirtualizer } from "@tanstack/react-virtual";
import { ChevronRight } from "lucide-react";
import { useRef, useState, type KeyboardEvent } from "react";
import type { Row } from "../model/catalog/shelves";
import { t } from "../i18n/text";
import { categoryText } from "../ui/category";
import styles from "./Library.module.css";
import { useRowHeight } from "../ui/useRowHeight";
import { TypeRow } from "./TypeRow";

interface Props {
  readonly rows: readonly Row[];
  readonly toggle: (shelf: string) => void;
  readonly add: (type: string) => void;
  readonly star: (type: string) => void;
}

/** The rows of the library. However many there are, only what is seen is drawn; arrow keys walk through them. */
export function TypeTree(props: Props) {
  const height = useRowHeight();
  return <Rows key={height} height={height} {...props} />;
}

function Rows({ height, rows, toggle, add, star }: Props & { height: number }) {
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState("");
  // Its functions change what they return; nothing here keeps them.
  // oxlint-disable-next-line react/incompatible-library
  const shown = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 8,
  });
  const at = rows.findIndex((row) => row.key === active);

  function go(index: number): void {
    const to = Math.max(0, Math.min(rows.length - 1, index));
    setActive(rows[to]?.key ?? "");
    shown.scrollToIndex(to);
  }

  function use(row: Row): void {
    setActive(row.key);
    if (row.kind === "shelf") toggle(row.key);
    else add(row.spec.id);
  }

  function key(event: KeyboardEvent): void {
    const row = rows[at];
    const to = target(rows, at, event.key);
    if (to !== null) go(to);
    else if (!row) return;
    else if (row.kind === "shelf" && event.key === (row.open ? "ArrowLeft" : "ArrowRight")) toggle(row.key);
    else if (event.key === "Enter" || event.key === " ") use(row);
    else if (event.key === "*" && row.kind === "type") star(row.spec.id);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <div
      ref={scroller}
      className={styles["tree"]}
      role="tree"
      tabIndex={0}
      aria-label={t("library.title")}
      aria-activedescendant={at >= 0 ? idOf(active) : undefined}
      onKeyDown={key}
      onFocus={() => at < 0 && setActive(rows[0]?.key ?? "")}
    >
      <div role="presentation" style={{ position: "relative", height: shown.getTotalSize() }}>
        {shown.getVirtualItems().map(({ index, start }) => {
          const row = rows[index];
          if (!row) return null;
          return (
            // Keys are the tree's, which keeps the focus.
            // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
            <div
              key={row.key}
              id={idOf(row.key)}
              role="treeitem"
              tabIndex={-1}
              aria-level={row.depth + 1}
              aria-selected={row.key === active}
              aria-expanded={row.kind === "shelf" ? row.open : undefined}
              className={styles["row"]}
              style={{ transform: `translateY(${start}px)`, height, paddingLeft: 8 + 14 * row.depth }}
              onClick={() => use(row)}
            >
              {row.kind === "shelf" ? <ShelfRow {...row} /> : <TypeRow spec={row.spec} />}
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** The row that a key leads to; `null` for keys that do something else. */
function target(rows: readonly Row[], at: number, key: string): number | null {
  const row = rows[at];
  if (key === "ArrowDown") return at + 1;
  if (key === "ArrowUp") return at - 1;
  if (key === "Home") return 0;
  if (key === "End") return rows.length - 1;
  const open = row?.kind === "shelf" && row.open;
  if (key === "ArrowRight" && open) return at + 1;
  const parent = row ? rows.slice(0, at).findLastIndex((other) => other.depth < row.depth) : -1;
  return key === "ArrowLeft" && !open && parent >= 0 ? parent : null;
}

function ShelfRow({ name, count, open }: Extract<Row, { kind: "shelf" }>) {
  return (
    <div className={styles["shelf"]} data-open={open}>
      <ChevronRight size={12} aria-hidden="true" />
      <span className={styles["shelfName"]}>{categoryText(name)}</span>
      <span className={styles["count"]}>{count}</span>
    </div>
  );
}

/** Ids of elements may not have spaces. */
function idOf(key: string): string {
  return `library-${key.replaceAll(/\s+/g, "--")}`;
}
