import { Images } from "lucide-react";
import { useEffect, useRef } from "react";
import { useStore } from "zustand";
import { useStudio } from "../state/context";
import type { Picture } from "../state/pictures";
import { IconButton } from "../ui/Button";
import { t } from "../i18n/text";
import { PictureGrid } from "./gallery/PictureGrid";
import panel from "./Panel.module.css";

const NONE: ReadonlySet<string> = new Set();

/** The strip beside the canvas: every picture that was made, the newest first. */
export function Gallery() {
  const { gallery, ui } = useStudio();
  const empty = useStore(gallery.recent.store, ({ pictures }) => pictures.length === 0);
  const section = useRef<HTMLElement>(null);
  const scroller = useRef<HTMLElement | null>(null);
  useEffect(() => {
    scroller.current = section.current?.closest("aside") ?? null;
  }, []);
  const open = (picture: Picture): void => ui.setState({ enlarged: picture, among: null });
  return (
    <section ref={section} className={panel["section"]} aria-label={t("gallery.title")}>
      <h2 className={panel["heading"]}>
        {t("gallery.title")}
        <IconButton label={t("command.gallery")} onClick={() => ui.setState({ gallery: true })}>
          <Images size={14} />
        </IconButton>
      </h2>
      {empty ? (
        <p className={panel["quiet"]}>{t("gallery.empty")}</p>
      ) : (
        <PictureGrid list={gallery.recent} scroller={scroller} least={66} gap={6} label={t("gallery.title")} chosen={NONE} open={open} />
      )}
    </section>
  );
}
