import { Dialog } from "@base-ui/react/dialog";
import { useCallback, useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { compareWithEarlier } from "../../state/comparing";
import { useStudio, useUi } from "../../state/context";
import type { Enlarged } from "../../state/ui";
import { t } from "../../i18n/text";
import { Notices } from "../../ui/Notices";
import { useKeys } from "../../ui/useKeys";
import { Bar } from "./Bar";
import { Facts, useRecord } from "./Facts";
import styles from "./Lightbox.module.css";
import { hex, type Colour } from "./pixels";
import { Stage, type CompareMode, type Probe } from "./Stage";
import type { Zoom } from "./useZoom";

/** Windows no wider than this have no room for facts beside the picture. */
const NARROW = 900;
/** So many pictures before the end of a list, more of it are fetched. */
const NEAR_END = 5;

/** The lightbox: a picture, what is known about it, and another one to compare it with. */
export function Viewer({ picture }: { picture: Enlarged }) {
  const studio = useStudio();
  const beside = useUi((state) => state.beside);
  const record = useRecord(picture.asset);
  const { previous, next } = useNeighbours(picture);
  const [zoom, setZoom] = useState<Zoom | null>(null);
  const [probe, setProbe] = useState<Probe | null>(null);
  const [mode, setMode] = useState<CompareMode>("slider");
  const [sharp, setSharp] = useState(false);
  const [facts, setFacts] = useState(() => innerWidth > NARROW);
  const popup = useRef<HTMLDivElement>(null);
  const show = useCallback((enlarged: Enlarged | undefined) => enlarged && studio.ui.setState({ enlarged }), [studio]);
  const close = useCallback(() => studio.ui.setState({ enlarged: null, beside: null }), [studio]);
  const remove = (): void => {
    const after = next ?? previous;
    void studio.gallery.trash([picture.asset]).then(() => (after ? show(after) : close()));
  };
  const compare = (): void => {
    if (beside) studio.ui.setState({ beside: null });
    else void compareWithEarlier(studio, picture, next ?? previous);
  };
  const keys: Readonly<Record<string, () => unknown>> = {
    ArrowLeft: () => show(previous),
    ArrowRight: () => show(next),
    "+": () => zoom?.by(1.25),
    "=": () => zoom?.by(1.25),
    "-": () => zoom?.by(0.8),
    "0": () => zoom?.fit(),
    "1": () => zoom?.actual(),
    p: () => setSharp(!sharp),
    i: () => setFacts(!facts),
    c: compare,
    s: () => record && void studio.gallery.star(picture.asset, !record.starred),
    Delete: remove,
  };
  useKeys((event) => {
    const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    act?.();
    return act !== undefined;
  });

  return (
    <Dialog.Root open modal="trap-focus" disablePointerDismissal onOpenChange={(open) => !open && close()}>
      <Dialog.Portal>
        <Dialog.Popup ref={popup} className={styles["dialog"]} aria-label={t("lightbox.title")} initialFocus={popup}>
          <Bar
            {...{ picture, beside, previous, next, show, compare, remove, mode, setMode, sharp, setSharp, facts, setFacts, zoom, close }}
            starred={useStarred(picture.asset) ?? record?.starred ?? false}
          />
          <div className={styles["body"]}>
            <Stage pictures={beside ? [picture, beside] : [picture]} mode={mode} sharp={sharp} zoomed={setZoom} probed={setProbe} />
            {facts && record && <Facts record={record} />}
          </div>
          <footer className={styles["foot"]} aria-live="off">
            {probe ? <ProbeWords probe={probe} /> : <span>{t("lightbox.pixel.hint")}</span>}
            <span className={styles["scale"]}>{zoom && `${Math.round(zoom.view.scale * devicePixelRatio * 100)} %`}</span>
          </footer>
          <div className={styles["notices"]}>
            <Notices />
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function ProbeWords({ probe: { at, colours } }: { probe: Probe }) {
  return (
    <span className={styles["probe"]} data-probe="">
      x {at[0]}, y {at[1]}
      {colours.map((colour, index) => (
        <ColourWords key={index} colour={colour} />
      ))}
    </span>
  );
}

function ColourWords({ colour }: { colour: Colour }) {
  return (
    <span className={styles["colour"]}>
      <span className={styles["patch"]} style={{ background: hex(colour) }} />
      {hex(colour)} · {colour.slice(0, 3).join(" ")}
    </span>
  );
}

/** The pictures before and after this one where it was opened from; lists are fetched further on the way. */
function useNeighbours({ asset }: Enlarged): { previous: Enlarged | undefined; next: Enlarged | undefined } {
  const { gallery } = useStudio();
  const among = useUi((state) => state.among);
  const isOpen = useUi((state) => state.gallery);
  const growing = isOpen ? gallery.found : gallery.recent;
  const latest = useStore(growing.store, (state) => state.pictures);
  const list: readonly Enlarged[] = among?.some((item) => item.asset === asset) ? among : latest;
  const place = list.findIndex((item) => item.asset === asset);
  const near = list === latest && place >= 0 && place > list.length - NEAR_END;
  useEffect(() => {
    if (near) void growing.more();
  }, [near, growing]);
  return { previous: list[place - 1], next: place < 0 ? undefined : list[place + 1] };
}

/** Whether it is starred now, as far as the gallery knows it. */
function useStarred(asset: string): boolean | undefined {
  const { gallery } = useStudio();
  const recent = useStore(gallery.recent.store, (state) => state.pictures.find((item) => item.asset === asset)?.starred);
  const found = useStore(gallery.found.store, (state) => state.pictures.find((item) => item.asset === asset)?.starred);
  return recent ?? found;
}
