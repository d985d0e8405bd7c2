import { Check, Star } from "lucide-react";
import { memo, type DragEvent, type KeyboardEvent, type MouseEvent } from "react";
import { thumbnailUrl } from "../../runtime/api";
import { carry } from "../../state/carried";
import type { Picture } from "../../state/pictures";
import { t } from "../../i18n/text";
import styles from "./Gallery.module.css";

export interface TileActs {
  readonly open: (picture: Picture) => void;
  /** Without it, tiles cannot be chosen. */
  readonly choose?: (picture: Picture, how: "toggle" | "range") => void;
  readonly star?: (picture: Picture) => void;
  readonly dragged?: (dragging: boolean) => void;
}

interface Props extends TileActs {
  readonly picture: Picture;
  readonly index: number;
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly chosen: boolean;
  /** A key was pressed on the picture. */
  readonly keyed: (event: KeyboardEvent<HTMLElement>) => void;
}

/** A picture of the gallery: opened, chosen, starred, or dragged onto the canvas. */
export const Tile = memo(function Tile({ picture, index, x, y, size, chosen, keyed, open, choose, star, dragged }: Props) {
  const { asset, name, prompt, starred } = picture;
  function press(event: MouseEvent): void {
    if (choose && (event.ctrlKey || event.metaKey)) choose(picture, "toggle");
    else if (choose && event.shiftKey) choose(picture, "range");
    else open(picture);
  }
  function key(event: KeyboardEvent<HTMLElement>): void {
    if (event.key !== " " || !choose) return keyed(event);
    event.preventDefault();
    choose(picture, event.shiftKey ? "range" : "toggle");
  }
  function drag(event: DragEvent): void {
    carry(event.dataTransfer, picture);
    // The page may change only after the browser has taken its picture of what is dragged.
    if (dragged) setTimeout(() => dragged(true));
  }
  return (
    <li
      className={`${styles["tile"]} ${chosen ? styles["chosen"] : ""}`}
      style={{ width: size, height: size, transform: `translate(${x}px, ${y}px)` }}
      data-index={index}
      data-asset={asset}
    >
      <button
        type="button"
        className={styles["open"]}
        title={prompt || name}
        aria-label={t("gallery.open", { name: prompt || name })}
        draggable
        onDragStart={drag}
        onDragEnd={() => dragged?.(false)}
        onClick={press}
        onKeyDown={key}
      >
        <img src={thumbnailUrl(asset, 256)} alt="" decoding="async" draggable={false} />
      </button>
      {choose && (
        <button
          type="button"
          role="checkbox"
          aria-checked={chosen}
          className={styles["check"]}
          aria-label={t("gallery.choose", { name })}
          onClick={(event) => choose(picture, event.shiftKey ? "range" : "toggle")}
        >
          {chosen && <Check size={12} strokeWidth={3} />}
        </button>
      )}
      {star && (
        <button
          type="button"
          aria-pressed={starred}
          className={styles["star"]}
          aria-label={t(starred ? "gallery.unstar" : "gallery.star")}
          onClick={() => star(picture)}
        >
          <Star size={13} fill={starred ? "currentColor" : "none"} />
        </button>
      )}
    </li>
  );
});
