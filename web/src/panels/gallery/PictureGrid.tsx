import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type RefObject } from "react";
import { useStore } from "zustand";
import type { Pictures } from "../../state/pictures";
import { useSize } from "../../ui/useSize";
import styles from "./Gallery.module.css";
import { Tile, type TileActs } from "./Tile";

interface Props extends TileActs {
  list: Pictures;
  /** What scrolls: the grid itself may be a part of it. */
  scroller: RefObject<HTMLElement | null>;
  /** A tile's least width; tiles fill the row. */
  least: number;
  gap: number;
  label: string;
  chosen: ReadonlySet<string>;
}

/** Rows from the end at which the next page is asked for. */
const AHEAD = 6;

/** Pictures in rows: only those in sight are in the page, and more are fetched as one goes on. */
export function PictureGrid({ list, scroller, least, gap, label, chosen, ...acts }: Props) {
  const grid = useRef<HTMLUListElement>(null);
  const { pictures, more } = useStore(list.store);
  const [width] = useSize(grid);
  const columns = Math.max(1, Math.floor((width + gap) / (least + gap)));
  const size = Math.max(1, (width - gap * (columns - 1)) / columns);
  const rowCount = Math.ceil(pictures.length / columns);
  const offset = useOffset(grid, scroller);
  // Nothing that it returns is handed on to what is memoised.
  // oxlint-disable-next-line react/incompatible-library
  const rows = useVirtualizer({
    count: rowCount,
    getScrollElement: () => scroller.current,
    estimateSize: () => size + gap,
    overscan: 3,
    scrollMargin: offset,
  });
  useLayoutEffect(() => rows.measure(), [rows, size, gap]);
  const items = rows.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && pictures.length > 0 && last >= rowCount - AHEAD) void list.more();
  }, [list, more, last, rowCount, pictures.length]);
  const keys = useArrows(columns, pictures.length, (index) => rows.scrollToIndex(Math.floor(index / columns)));

  return (
    <ul ref={grid} className={styles["grid"]} aria-label={label} style={{ height: rows.getTotalSize() }}>
      {items.flatMap(({ index: row, start }) =>
        pictures.slice(row * columns, (row + 1) * columns).map((picture, column) => (
          <Tile
            key={picture.asset}
            picture={picture}
            index={row * columns + column}
            x={column * (size + gap)}
            y={start - offset}
            size={size}
            chosen={chosen.has(picture.asset)}
            keyed={keys}
            {...acts}
          />
        )),
      )}
    </ul>
  );
}

/** How far down the grid begins in what scrolls. */
function useOffset(grid: RefObject<HTMLElement | null>, scroller: RefObject<HTMLElement | null>): number {
  const [offset, setOffset] = useState(0);
  useLayoutEffect(() => {
    const { current: box } = scroller;
    const { current: inside } = grid;
    if (!box || !inside || box === inside) return;
    const measure = (): void =>
      // What is measured in the window is larger where words are; what scrolls is not.
      setOffset(Math.round((inside.getBoundingClientRect().top - box.getBoundingClientRect().top) / (box.currentCSSZoom ?? 1) + box.scrollTop));
    const observer = new ResizeObserver(measure);
    for (const child of box.children) observer.observe(child);
    measure();
    return () => observer.disconnect();
  }, [grid, scroller]);
  return offset;
}

/** Arrow keys go from picture to picture. */
function useArrows(columns: number, count: number, scrollTo: (index: number) => void) {
  return (event: KeyboardEvent<HTMLElement>): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    const from = (event.target as Element).closest("[data-index]")?.getAttribute("data-index");
    if (step === undefined || from === null || from === undefined) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(count - 1, Number(from) + step));
    const grid = event.currentTarget.closest("ul");
    const focus = (): boolean => {
      const picture = grid?.querySelector<HTMLElement>(`[data-index="${next}"] button`);
      picture?.focus({ preventScroll: true });
      return picture !== null && picture !== undefined;
    };
    scrollTo(next);
    if (!focus()) requestAnimationFrame(focus); // it comes into the page with the next paint
  };
}
