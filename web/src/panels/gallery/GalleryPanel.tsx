import { Columns2, Download, Images, Search, Star, Trash2, Workflow, X } from "lucide-react";
import { useEffect, useRef, useState, type RefObject } from "react";
import { useStore } from "zustand";
import { useStudio, useUi } from "../../state/context";
import { downloadAll } from "../../state/download";
import { openOrigin } from "../../state/origin";
import type { Picture, PictureQuery } from "../../state/pictures";
import { Button, IconButton } from "../../ui/Button";
import { t } from "../../i18n/text";
import { useKeys } from "../../ui/useKeys";
import { useReturnFocus } from "../../ui/useReturnFocus";
import { Filters, isNarrowed, type Wanted } from "./Filters";
import styles from "./Gallery.module.css";
import { PictureGrid } from "./PictureGrid";

const NO_WISH: Wanted = { search: "", model: "", day: "", starred: false };
const TYPING_MS = 180;

/** All pictures over the canvas: searched, narrowed, chosen, and dragged out of it. */
export function GalleryPanel() {
  const studio = useStudio();
  const { gallery, ui } = studio;
  const [wanted, setWanted] = useState(NO_WISH);
  const [dragging, setDragging] = useState(false);
  const { pictures, loading, error } = useStore(gallery.found.store);
  const { chosen } = useStore(gallery.store);
  const covered = useUi(({ enlarged, overlay }) => enlarged !== null || overlay !== null);
  const scroller = useRef<HTMLDivElement>(null);
  const choose = useChoosing();
  const search = useRef<HTMLInputElement>(null);
  useReturnFocus(search);
  const close = (): void => ui.setState({ gallery: false });

  useEffect(() => {
    const timer = setTimeout(() => void gallery.look(queryOf(wanted)), wanted.search ? TYPING_MS : 0);
    scroller.current?.scrollTo({ top: 0 });
    return () => clearTimeout(timer);
  }, [gallery, wanted]);

  useKeys((event) => {
    const typing = event.target instanceof HTMLInputElement;
    if (covered) return false;
    if (event.key === "Escape") close();
    else if (event.key === "Delete" && chosen.size && !typing) void gallery.trash([...chosen]);
    else if (event.key === "a" && (event.ctrlKey || event.metaKey) && !typing) gallery.choose(pictures.map(({ asset }) => asset));
    else return false;
    return true;
  });

  return (
    <section
      role="dialog"
      data-zoomable
      className={`${styles["full"]} ${dragging ? styles["aside"] : ""}`}
      aria-label={t("gallery.all")}
    >
      <Head search={search} wanted={wanted} change={setWanted} close={close} />
      {chosen.size > 0 && <Chosen pictures={pictures.filter(({ asset }) => chosen.has(asset))} />}
      <div ref={scroller} className={styles["scroll"]} aria-busy={loading}>
        {pictures.length === 0 && !loading && <Nothing error={error} narrowed={isNarrowed(wanted)} all={() => setWanted(NO_WISH)} />}
        <PictureGrid
          list={gallery.found}
          scroller={scroller}
          least={148}
          gap={8}
          label={t("gallery.all")}
          chosen={chosen}
          open={(picture) => ui.setState({ enlarged: picture, among: null })}
          choose={choose}
          star={({ asset, starred }) => void gallery.star(asset, !starred)}
          dragged={setDragging}
        />
      </div>
    </section>
  );
}

/** Why there are no pictures, and what helps. */
function Nothing({ error, narrowed, all }: { error: string; narrowed: boolean; all: () => void }) {
  return (
    <div className={styles["nothing"]}>
      <Images size={28} strokeWidth={1.5} aria-hidden="true" />
      <p>{error || t(narrowed ? "gallery.nothing" : "gallery.empty.hint")}</p>
      {narrowed && !error && <Button onClick={all}>{t("gallery.showAll")}</Button>}
    </div>
  );
}

interface HeadProps {
  search: RefObject<HTMLInputElement | null>;
  wanted: Wanted;
  change: (wanted: Wanted) => void;
  close: () => void;
}

/** What is looked for. */
function Head({ search, wanted, change, close }: HeadProps) {
  return (
    <header className={styles["head"]}>
      <label className={styles["search"]}>
        <Search size={14} aria-hidden="true" />
        <input
          type="search"
          aria-label={t("gallery.search")}
          placeholder={t("gallery.search")}
          value={wanted.search}
          ref={search}
          onChange={(event) => change({ ...wanted, search: event.target.value })}
        />
      </label>
      <Filters wanted={wanted} change={change} />
      <IconButton label={t("gallery.close")} onClick={close}>
        <X size={16} />
      </IconButton>
    </header>
  );
}

/** One picture after the other, or all from the last that was chosen. */
function useChoosing(): (picture: Picture, how: "toggle" | "range") => void {
  const { gallery } = useStudio();
  const last = useRef<string | null>(null);
  return ({ asset }, how) => {
    const { pictures } = gallery.found.store.getState();
    const next = new Set(gallery.store.getState().chosen);
    const from = pictures.findIndex((item) => item.asset === last.current);
    const to = pictures.findIndex((item) => item.asset === asset);
    if (how === "range" && from >= 0)
      for (const item of pictures.slice(Math.min(from, to), Math.max(from, to) + 1)) next.add(item.asset);
    else if (!next.delete(asset)) next.add(asset);
    last.current = asset;
    gallery.choose(next);
  };
}

/** What can be done with the pictures that are chosen. */
function Chosen({ pictures }: { pictures: readonly Picture[] }) {
  const studio = useStudio();
  const { gallery, ui } = studio;
  const [first, second] = pictures;
  const assets = pictures.map(({ asset }) => asset);
  const starred = pictures.every((picture) => picture.starred);
  return (
    <div className={styles["chosenBar"]} role="toolbar" aria-label={t("gallery.chosen", { count: pictures.length })}>
      <span>{t("gallery.chosen", { count: pictures.length })}</span>
      <Button look="quiet" onClick={() => void Promise.all(assets.map((asset) => gallery.star(asset, !starred)))}>
        <Star size={14} /> {t(starred ? "gallery.unstar" : "gallery.star")}
      </Button>
      <Button look="quiet" onClick={() => void downloadAll(studio, pictures)}>
        <Download size={14} /> {t("lightbox.download")}
      </Button>
      {first && second && pictures.length === 2 && (
        <Button look="quiet" onClick={() => ui.setState({ enlarged: second, beside: first, among: pictures })}>
          <Columns2 size={14} /> {t("lightbox.compare")}
        </Button>
      )}
      {first && pictures.length === 1 && (
        <Button look="quiet" onClick={() => void openOrigin(studio, first.asset).then((opened) => opened && ui.setState({ gallery: false }))}>
          <Workflow size={14} /> {t("gallery.openWorkflow")}
        </Button>
      )}
      <Button look="quiet" onClick={() => void gallery.trash(assets)}>
        <Trash2 size={14} /> {t("gallery.delete")}
      </Button>
      <Button look="quiet" onClick={() => gallery.choose([])}>
        {t("gallery.chooseNone")}
      </Button>
    </div>
  );
}

/** A day begins and ends by this browser's clock. */
function queryOf({ search, model, day, starred }: Wanted): PictureQuery {
  const query = { search: search.trim(), starred, ...(model && { model }) };
  if (!day) return query;
  const begin = new Date(`${day}T00:00:00`);
  const end = new Date(begin.getFullYear(), begin.getMonth(), begin.getDate() + 1);
  return { ...query, after: begin.getTime() / 1000, before: end.getTime() / 1000 };
}
