import { useMemo, type CSSProperties, type KeyboardEvent } from "react";
import { around, itemBoxes } from "../model/layout/boxes";
import { setColor } from "../model/commands";
import { useStudio } from "../state/context";
import { looksOf } from "../state/moving";
import type { Studio } from "../state/studio";
import { TINTS, tintOf } from "../ui/tints";
import { usePopover } from "../ui/usePopover";
import { t } from "../i18n/text";
import styles from "./Colors.module.css";

const WIDTH = 292;
/** From the upper edge of the menu to what is selected, in pixels: a node's toolbar has room between them. */
const ABOVE = 80;

/** The colours for what is selected, above it. */
export function Colors() {
  const studio = useStudio();
  const close = useMemo(() => () => studio.view.setState({ coloring: false }), [studio]);
  const inside = usePopover(true, close);

  function choose(color: string | undefined): void {
    const { nodes, scenery } = studio.view.getState();
    studio.documents.run(setColor, { items: [...nodes, ...scenery], color });
    close();
  }

  return (
    <div ref={inside} data-zoom-inside className={styles["menu"]} style={placed(studio)} role="menu" tabIndex={-1} aria-label={t("color.title")} aria-orientation="horizontal" onKeyDown={walk}>
      {[undefined, ...TINTS].map((color) => (
        <button
          key={color ?? "none"}
          type="button"
          role="menuitem"
          ref={color === undefined ? (button) => button?.focus() : undefined}
          className={styles["color"]}
          style={{ "--tint": tintOf(color) } as CSSProperties}
          aria-label={t(`color.${color ?? "none"}`)}
          title={t(`color.${color ?? "none"}`)}
          onClick={() => choose(color)}
        />
      ))}
    </div>
  );
}

/** Arrow keys go from colour to colour, round and round. */
function walk(event: KeyboardEvent<HTMLDivElement>): void {
  const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  if (!step) return;
  const all = [...event.currentTarget.querySelectorAll("button")];
  const at = all.findIndex((button) => button === document.activeElement);
  all[(at + step + all.length) % all.length]?.focus();
  event.preventDefault();
}

/** Above what is selected and its toolbar, inside the window. */
function placed({ workspace, settings }: Studio): CSSProperties {
  const { documents, types, view } = workspace;
  const { nodes, scenery, canvas } = view.getState();
  const boxes = types ? itemBoxes(documents.graph, types, looksOf(workspace, settings)) : new Map();
  const box = around([...nodes, ...scenery].flatMap((key) => boxes.get(key) ?? []));
  const [x, y] = (box && canvas?.toScreen([(box.left + box.right) / 2, box.top])) ?? [innerWidth / 2, innerHeight / 2];
  return {
    left: Math.max(8, Math.min(x - WIDTH / 2, innerWidth - WIDTH - 8)),
    top: Math.max(56, Math.min(y - ABOVE, innerHeight - 60)),
    width: WIDTH,
  };
}
