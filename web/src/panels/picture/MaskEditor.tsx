import { useEffect, useRef, useState, type PointerEvent } from "react";
import { encodePng } from "../../model/pictures/png";
import { useStudio } from "../../state/context";
import { Overlay } from "../../ui/Overlay";
import { useKeys } from "../../ui/useKeys";
import { t } from "../../i18n/text";
import { MaskPainting, masked, type Brush } from "./MaskPainting";
import { LARGEST_BRUSH, MaskTools } from "./MaskTools";
import styles from "./Picture.module.css";
import type { Pixels } from "../../model/pictures/png";
import { fetchPixels } from "./pixels";
import { derivedName, usePictureSlot } from "./usePictureSlot";

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
  const [brush, setBrush] = useState<Brush>(() => ({ size: usualSize(pixels), erase: false, hardness: 0.8 }));
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
    else if (name === "b") setBrush({ ...brush, erase: false });
    else if (name === "e") setBrush({ ...brush, erase: true });
    else if (name === "i") act((painted) => painted.invert());
    else if (name === "[") setBrush({ ...brush, size: Math.max(1, Math.round(brush.size / SIZE_STEP)) });
    else if (name === "]") setBrush({ ...brush, size: Math.min(LARGEST_BRUSH, Math.ceil(brush.size * SIZE_STEP)) });
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
      <MaskTools brush={brush} change={(part) => setBrush({ ...brush, ...part })} can={can} act={act} saving={saving} finish={() => void finish()} />
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
              act((painted) => painted.begin(at, brush));
            }}
            onPointerMove={(event) => painting.current?.move(placeOf(event), brush)}
            onPointerUp={() => painting.current?.end()}
            onPointerCancel={() => painting.current?.end()}
            onPointerLeave={() => setPointer(null)}
          />
          {pointer && <span className={styles["brush"]} style={{ left: pointer.x, top: pointer.y, width: brush.size / pointer.scale, height: brush.size / pointer.scale }} />}
        </div>
      </div>
    </div>
  );
}

function usualSize({ width, height }: Pixels): number {
  return Math.max(8, Math.round(Math.min(width, height) / 8));
}
