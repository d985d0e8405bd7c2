import { Brush as BrushIcon, Contrast, Eraser, Redo2, Undo2 } from "lucide-react";
import { Button, IconButton } from "../../ui/Button";
import { t } from "../../i18n/text";
import type { Brush, MaskPainting } from "./MaskPainting";
import styles from "./Picture.module.css";

export const LARGEST_BRUSH = 400;

interface Props {
  brush: Brush;
  change: (part: Partial<Brush>) => void;
  can: { readonly undo: boolean; readonly redo: boolean };
  act: (change: (painted: MaskPainting) => void) => void;
  saving: boolean;
  finish: () => void;
}

/** What a mask is painted with. */
export function MaskTools({ brush, change, can, act, saving, finish }: Props) {
  return (
    <div className={styles["tools"]} role="toolbar" aria-label={t("mask.title")}>
      <IconButton label={t("mask.brush")} aria-pressed={!brush.erase} onClick={() => change({ erase: false })}>
        <BrushIcon size={16} />
      </IconButton>
      <IconButton label={t("mask.erase")} aria-pressed={brush.erase} onClick={() => change({ erase: true })}>
        <Eraser size={16} />
      </IconButton>
      <label className={styles["slider"]}>
        {t("mask.size")}
        <input type="range" min={1} max={LARGEST_BRUSH} value={brush.size} onChange={(event) => change({ size: event.target.valueAsNumber })} />
        <output>{brush.size}</output>
      </label>
      <label className={styles["slider"]}>
        {t("mask.hardness")}
        <input type="range" min={0} max={1} step={0.05} value={brush.hardness} onChange={(event) => change({ hardness: event.target.valueAsNumber })} />
      </label>
      <IconButton label={t("mask.undo")} disabled={!can.undo} onClick={() => act((painted) => painted.undo())}>
        <Undo2 size={16} />
      </IconButton>
      <IconButton label={t("mask.redo")} disabled={!can.redo} onClick={() => act((painted) => painted.redo())}>
        <Redo2 size={16} />
      </IconButton>
      <IconButton label={t("mask.invert")} onClick={() => act((painted) => painted.invert())}>
        <Contrast size={16} />
      </IconButton>
      <Button look="quiet" onClick={() => act((painted) => painted.fill(false))}>
        {t("mask.clear")}
      </Button>
      <span className={styles["space"]} />
      <Button look="primary" disabled={saving} onClick={finish}>
        {t("mask.save")}
      </Button>
    </div>
  );
}
