import { useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { useStudio } from "../../state/context";
import { Button } from "../../ui/Button";
import { Overlay } from "../../ui/Overlay";
import { t } from "../../i18n/text";
import { cropped, dragged, wholeOf, type Area, type Grip } from "./crop";
import styles from "./Picture.module.css";
import { derivedName, usePictureSlot } from "./usePictureSlot";

const GRIPS: readonly Grip[] = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
/** Sides are multiples of this, as models like them. */
const GRID = 8;

/** Cut a picture: what is outside the frame is left away. */
export function CropEditor() {
  const studio = useStudio();
  const { name, url, save } = usePictureSlot();
  const picture = useRef<HTMLImageElement>(null);
  const [size, setSize] = useState<readonly [number, number] | null>(null);
  const [area, setArea] = useState<Area | null>(null);
  const [saving, setSaving] = useState(false);

  async function finish(): Promise<void> {
    if (!picture.current || !area) return;
    setSaving(true);
    await cropped(picture.current, area)
      .then((blob) => save(blob, derivedName(name, "crop")))
      .catch((error: Error) => studio.notify(error.message));
    setSaving(false);
  }

  return (
    <Overlay title={t("crop.title")} size="wide">
      <div className={styles["editor"]}>
        <div className={styles["tools"]}>
          <span className={styles["quiet"]}>{area ? t("crop.size", { width: area.width, height: area.height }) : ""}</span>
          <Button look="quiet" disabled={!size} onClick={() => size && setArea(wholeOf(size))}>
            {t("crop.whole")}
          </Button>
          <span className={styles["space"]} />
          <Button look="primary" disabled={saving || !area} onClick={() => void finish()}>
            {t("crop.save")}
          </Button>
        </div>
        <div className={styles["stage"]}>
          {url ? (
            <div className={styles["picture"]} style={size ? { aspectRatio: `${size[0]} / ${size[1]}`, maxWidth: `calc(64vh * ${size[0] / size[1]})` } : undefined}>
              <img
                ref={picture}
                src={url}
                alt=""
                draggable={false}
                onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => {
                  setSize([naturalWidth, naturalHeight]);
                  setArea(wholeOf([naturalWidth, naturalHeight]));
                }}
              />
              {size && area && <Frame size={size} area={area} change={setArea} />}
            </div>
          ) : (
            <p className={styles["quiet"]}>{t("mask.none")}</p>
          )}
        </div>
      </div>
    </Overlay>
  );
}

function percent(value: number, of: number): string {
  return `${(100 * value) / of}%`;
}

interface FrameProps {
  size: readonly [number, number];
  area: Area;
  change: (area: Area) => void;
}

function Frame({ size, area, change }: FrameProps) {
  const from = useRef<{ grip: Grip; x: number; y: number; area: Area; scale: number } | null>(null);

  function grab(event: PointerEvent<HTMLElement>, grip: Grip): void {
    event.stopPropagation();
    event.currentTarget.setPointerCapture(event.pointerId);
    const shown = event.currentTarget.closest(`.${styles["picture"]}`)?.clientWidth ?? size[0];
    from.current = { grip, x: event.clientX, y: event.clientY, area, scale: size[0] / shown };
  }

  function move(event: PointerEvent): void {
    const start = from.current;
    if (!start) return;
    const by = [(event.clientX - start.x) * start.scale, (event.clientY - start.y) * start.scale] as const;
    change(dragged(start.area, start.grip, by, size, GRID));
  }

  function key(event: KeyboardEvent): void {
    const steps: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [-GRID, 0], ArrowRight: [GRID, 0], ArrowUp: [0, -GRID], ArrowDown: [0, GRID] };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    change(dragged(area, event.shiftKey ? "se" : "all", step, size, GRID));
  }

  const release = (): void => {
    from.current = null;
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- an application takes keys
    <div
      className={styles["crop"]}
      style={{ left: percent(area.x, size[0]), top: percent(area.y, size[1]), width: percent(area.width, size[0]), height: percent(area.height, size[1]) }}
      role="application"
      aria-label={t("crop.frame")}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- arrow keys move it, with Shift they size it
      tabIndex={0}
      onKeyDown={key}
      onPointerDown={(event) => grab(event, "all")}
      onPointerMove={move}
      onPointerUp={release}
      onPointerCancel={release}
    >
      {GRIPS.map((grip) => (
        <span key={grip} className={styles["grip"]} data-grip={grip} onPointerDown={(event) => grab(event, grip)} onPointerMove={move} onPointerUp={release} />
      ))}
    </div>
  );
}
