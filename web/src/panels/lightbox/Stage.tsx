import { useEffect, useMemo, useRef, useState, type CSSProperties, type KeyboardEvent, type PointerEvent, type RefObject } from "react";
import { assetUrl } from "../../runtime/api";
import type { Enlarged } from "../../state/ui";
import { useSize } from "../../ui/useSize";
import { t } from "../../i18n/text";
import styles from "./Lightbox.module.css";
import { Pixels, type Colour } from "./pixels";
import { placeOn, useZoom, type Zoom } from "./useZoom";
import { inPlaceOf, pixelAt, type Place, type Size, type View } from "./zoom";

export type CompareMode = "slider" | "beside" | "difference";

/** The pixel under the pointer, in each of the pictures. */
export interface Probe {
  readonly at: Place;
  readonly colours: readonly Colour[];
}

interface Props {
  pictures: readonly Enlarged[];
  mode: CompareMode;
  /** Draw each pixel as a square, however large. */
  sharp: boolean;
  zoomed: (zoom: Zoom) => void;
  probed: (probe: Probe | null) => void;
}

/** Above this, smoothing hides what one has zoomed in for. */
const SHARP_FROM = 3;

/** Where pictures lie, are zoomed, panned and compared. Two are shown in the same place, each in its own shape. */
export function Stage({ pictures, mode, sharp, zoomed, probed }: Props) {
  const stage = useRef<HTMLDivElement>(null);
  const [width, height] = useSize(stage);
  const [first, second] = pictures;
  const { sizeOf, pixels, loaded } = useLoaded();
  const [wide, high] = sizeOf(first);
  const size = useMemo((): Size => [wide, high], [wide, high]);
  const apart = second !== undefined && mode === "beside";
  const room = useMemo((): Size => [apart ? width / 2 : width, height], [apart, width, height]);
  const { zoom, handlers } = useZoom(stage, size, room);
  useEffect(() => zoomed(zoom), [zoom, zoomed]);
  const [split, setSplit] = useState(0.5);

  function probe(event: PointerEvent<HTMLElement>): void {
    handlers.onPointerMove(event);
    const point = placeOn(event.currentTarget, event);
    const at = pixelAt(zoom.view, point, size);
    probed(at && { at, colours: pictures.flatMap((picture) => listed(colourAt(picture, point))) });
  }

  function colourAt(picture: Enlarged, point: Place): Colour | null | undefined {
    const at = pixelAt(inPlaceOf(zoom.view, size, sizeOf(picture)), point, sizeOf(picture));
    return at && pixels.get(picture.asset)?.at(at);
  }

  const own = second && { view: inPlaceOf(zoom.view, size, sizeOf(second)), size: sizeOf(second) };
  const look = { view: zoom.view, size, sharp: sharp || (!zoom.fits && zoom.view.scale >= SHARP_FROM), loaded };
  const panes = { ...handlers, onPointerMove: probe, onPointerLeave: () => probed(null) };
  return (
    <div ref={stage} className={styles["stage"]} onDoubleClick={zoom.fits ? zoom.actual : zoom.fit}>
      <div data-pane="" className={styles["pane"]} {...panes}>
        {first && <Layer {...look} picture={first} {...(second && mode === "slider" && { style: clipped("right", zoom.view, size, split * width) })} />}
        {second && own && !apart && (
          <Layer {...look} {...own} picture={second} style={mode === "difference" ? { mixBlendMode: "difference" } : clipped("left", own.view, own.size, split * width)} />
        )}
        {second && mode === "slider" && <Split at={split} move={setSplit} stage={stage} />}
      </div>
      {second && apart && (
        <div data-pane="" className={styles["pane"]} {...panes}>
          <Layer {...look} {...own} picture={second} />
        </div>
      )}
    </div>
  );
}

interface LayerProps {
  view: View;
  size: Size;
  sharp: boolean;
  picture: Enlarged;
  loaded: (asset: string, image: HTMLImageElement) => void;
  style?: CSSProperties;
}

function Layer({ view, size, sharp, picture, loaded, style }: LayerProps) {
  return (
    <img
      className={styles["picture"]}
      src={assetUrl(picture.asset)}
      alt={picture.name}
      draggable={false}
      onLoad={(event) => loaded(picture.asset, event.currentTarget)}
      style={{
        width: size[0] * view.scale,
        height: size[1] * view.scale,
        transform: `translate(${view.x}px, ${view.y}px)`,
        imageRendering: sharp ? "pixelated" : "auto",
        ...style,
      }}
    />
  );
}

/** Without what is on one side of the line, in the picture's own measure. */
function clipped(side: "left" | "right", view: View, size: Size, line: number): CSSProperties {
  const width = size[0] * view.scale;
  const left = Math.max(0, Math.min(width, line - view.x));
  return { clipPath: side === "left" ? `inset(0 0 0 ${left}px)` : `inset(0 ${width - left}px 0 0)` };
}

interface SplitProps {
  at: number;
  move: (at: number) => void;
  stage: RefObject<HTMLDivElement | null>;
}

/** The line between two pictures: left of it the first, right of it the second. */
function Split({ at, move, stage }: SplitProps) {
  const set = (to: number): void => move(Math.max(0, Math.min(1, to)));
  function drag(event: PointerEvent<HTMLElement>): void {
    event.stopPropagation();
    if (!event.currentTarget.hasPointerCapture(event.pointerId) || !stage.current) return;
    set(placeOn(stage.current, event)[0] / stage.current.clientWidth);
  }
  function key(event: KeyboardEvent<HTMLElement>): void {
    const step = { ArrowLeft: -0.02, ArrowRight: 0.02, Home: -1, End: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    set(at + step * (event.shiftKey ? 5 : 1));
  }
  return (
    <div
      data-split=""
      role="slider"
      tabIndex={0}
      className={styles["split"]}
      style={{ left: `${at * 100}%` }}
      aria-label={t("lightbox.split")}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(at * 100)}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onKeyDown={key}
    />
  );
}

/** The pictures' pixels and sizes by asset: a size that was not told is known once the picture is there. */
function useLoaded() {
  const [pixels] = useState(() => new Map<string, Pixels>());
  const [sizes, setSizes] = useState<Readonly<Record<string, Size>>>({});
  const sizeOf = (picture: Enlarged | undefined): Size => sizes[picture?.asset ?? ""] ?? [picture?.width ?? 1, picture?.height ?? 1];
  const loaded = (asset: string, image: HTMLImageElement): void => {
    pixels.set(asset, new Pixels(image));
    setSizes((known) => ({ ...known, [asset]: [image.naturalWidth || 1, image.naturalHeight || 1] }));
  };
  return { sizeOf, pixels, loaded };
}

function listed(colour: Colour | null | undefined): Colour[] {
  return colour ? [colour] : [];
}
