import { Brush as BrushIcon, Contrast, Eraser, Redo2, Undo2 } from "lucide-react";
import { useEffect, useRef, useState, type PointerEvent } from "react";
import { encodePng } from "../../model/png";
import { useStudio } from "../../state/context";
import { Button, IconButton } from "../../ui/Button";
import { Overlay } from "../../ui/Overlay";
import { useKeys } from "../../ui/useKeys";
import { t } from "../../i18n/text";
import { MaskPainting, masked } from "./MaskPainting";
import styles from "./Picture.module.css";
import type { Pixels } from "../../model/png";
import { fetchPixels } from "./pixels";
import { derivedName, usePictureSlot } from "./usePictureSlot";

const LARGEST = 400;
const SIZE_STEP = 1.25;

/** Paint what of a picture is to be changed. It is saved as the picture's transparency. */
export function MaskEditor() {
  const studio = useStudio();
  const { name, channel, url, save } = usePictureSlot();
  const [pixels, setPixels] = useState<Pixels | null>(null);
  useEffect(() => {
    if (!url) return;
    let current = true;
    fetchPixels(url).then(
      (found) => current && setPixels(found),
      (error: Error) => studio.notify(error.message),
    );
    return () => {
      current = false;
    };
  }, [url, studio]);

  async function keep(mask: Uint8ClampedArray): Promise<void> {
    if (!pixels) return;
    const asGrey = typeof channel === "string" && channel !== "alpha";
    const picture = await encodePng(pixels.width, pixels.height, masked(pixels, mask, asGrey));
    await save(picture, derivedName(name, "mask"));
  }

  return (
    <Overlay title={t("mask.title")} size="wide">
      {url && pixels ? <Board url={url} pixels={pixels} keep={keep} /> : <p className={styles["quiet"]}>{t(url ? "mask.loading" : "mask.none")}</p>}
    </Overlay>
  );
}

interface BoardProps {
  url: string;
  pixels: Pixels;
  keep: (mask: Uint8ClampedArray) => Promise<void>;
}

function Board({ url, pixels, keep }: BoardProps) {
  const studio = useStudio();
  const canvas = useRef<HTMLCanvasElement>(null);
  const painting = useRef<MaskPainting | null>(null);
  const [erase, setErase] = useState(false);
  const [size, setSize] = useState(() => Math.max(8, Math.round(Math.min(pixels.width, pixels.height) / 8)));
  const [hardness, setHardness] = useState(0.8);
  const [pointer, setPointer] = useState<{ x: number; y: number; scale: number } | null>(null);
  const [saving, setSaving] = useState(false);
  // What can be undone is the painting's own business; a step says that it changed.
  const [can, setCan] = useState({ undo: false, redo: false });
  useEffect(() => {
    if (canvas.current) painting.current = new MaskPainting(canvas.current, pixels);
  }, [pixels]);

  function act(change: (painted: MaskPainting) => void): void {
    if (!painting.current) return;
    change(painting.current);
    setCan({ undo: painting.current.canUndo, redo: painting.current.canRedo });
  }

  function placeOf(event: PointerEvent<HTMLCanvasElement>): readonly [number, number] {
    const box = event.currentTarget.getBoundingClientRect();
    const scale = pixels.width / box.width;
    setPointer({ x: event.clientX - box.left, y: event.clientY - box.top, scale });
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  }

  useKeys((event) => {
    const control = event.ctrlKey || event.metaKey;
    const name = event.key.toLowerCase();
    if (control && name === "z") act((painted) => (event.shiftKey ? painted.redo() : painted.undo()));
    else if (control && name === "y") act((painted) => painted.redo());
    else if (control || event.altKey) return false;
    else if (name === "b") setErase(false);
    else if (name === "e") setErase(true);
    else if (name === "i") act((painted) => painted.invert());
    else if (name === "[") setSize(Math.max(1, Math.round(size / SIZE_STEP)));
    else if (name === "]") setSize(Math.min(LARGEST, Math.ceil(size * SIZE_STEP)));
    else return false;
    return true;
  });

  async function finish(): Promise<void> {
    if (!painting.current) return;
    setSaving(true);
    await keep(painting.current.mask()).catch((error: Error) => studio.notify(error.message));
    setSaving(false);
  }

  return (
    <div className={styles["editor"]}>
      <div className={styles["tools"]} role="toolbar" aria-label={t("mask.title")}>
        <IconButton label={t("mask.brush")} aria-pressed={!erase} onClick={() => setErase(false)}>
          <BrushIcon size={16} />
        </IconButton>
        <IconButton label={t("mask.erase")} aria-pressed={erase} onClick={() => setErase(true)}>
          <Eraser size={16} />
        </IconButton>
        <label className={styles["slider"]}>
          {t("mask.size")}
          <input type="range" min={1} max={LARGEST} value={size} onChange={(event) => setSize(event.target.valueAsNumber)} />
          <output>{size}</output>
        </label>
        <label className={styles["slider"]}>
          {t("mask.hardness")}
          <input type="range" min={0} max={1} step={0.05} value={hardness} onChange={(event) => setHardness(event.target.valueAsNumber)} />
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
        <Button look="primary" disabled={saving} onClick={() => void finish()}>
          {t("mask.save")}
        </Button>
      </div>
      <div className={styles["stage"]}>
        <div className={styles["picture"]} style={{ aspectRatio: `${pixels.width} / ${pixels.height}`, maxWidth: `calc(64vh * ${pixels.width / pixels.height})` }}>
          <img src={url} alt="" draggable={false} />
          <canvas
            ref={canvas}
            className={styles["mask"]}
            aria-label={t("mask.canvas")}
            onPointerDown={(event) => {
              if (event.button !== 0) return;
              event.currentTarget.setPointerCapture(event.pointerId);
              const at = placeOf(event);
              act((painted) => painted.begin(at, { size, erase, hardness }));
            }}
            onPointerMove={(event) => painting.current?.move(placeOf(event), { size, erase, hardness })}
            onPointerUp={() => painting.current?.end()}
            onPointerCancel={() => painting.current?.end()}
            onPointerLeave={() => setPointer(null)}
          />
          {pointer && <span className={styles["brush"]} style={{ left: pointer.x, top: pointer.y, width: size / pointer.scale, height: size / pointer.scale }} />}
        </div>
      </div>
    </div>
  );
}
