import { Star } from "lucide-react";
import { useStore } from "zustand";
import { useShallow } from "zustand/react/shallow";
import { useStudio } from "../../state/context";
import { Button } from "../../ui/Button";
import { t } from "../../i18n/text";
import { Select } from "../../ui/Select";
import styles from "./Gallery.module.css";

/** What is looked for: parts of words, a model's file, a day as 2026-03-31, only favourites. */
export interface Wanted {
  readonly search: string;
  readonly model: string;
  readonly day: string;
  readonly starred: boolean;
}

interface Props {
  wanted: Wanted;
  change: (wanted: Wanted) => void;
}

/** Models, days and stars to narrow by, with how many pictures each has. */
export function Filters({ wanted, change }: Props) {
  const { gallery } = useStudio();
  const facets = useStore(gallery.store, (state) => state.facets);
  // Where there is nothing, nothing can be narrowed.
  if (facets?.total === 0) return null;
  return (
    <>
      <Select aria-label={t("gallery.model")} className={styles["select"] ?? ""} value={wanted.model} onChange={(event) => change({ ...wanted, model: event.target.value })}>
        <option value="">{t("gallery.anyModel")}</option>
        {facets?.models.map(({ model, count }) => (
          <option key={model} value={model}>
            {`${model} (${count})`}
          </option>
        ))}
      </Select>
      <Select aria-label={t("gallery.day")} className={styles["select"] ?? ""} value={wanted.day} onChange={(event) => change({ ...wanted, day: event.target.value })}>
        <option value="">{t("gallery.anyDay")}</option>
        {facets?.days.map(({ day, count }) => (
          <option key={day} value={day}>
            {`${dayWords(day)} (${count})`}
          </option>
        ))}
      </Select>
      <Button look={wanted.starred ? "plain" : "quiet"} aria-pressed={wanted.starred} onClick={() => change({ ...wanted, starred: !wanted.starred })}>
        <Star size={13} fill={wanted.starred ? "currentColor" : "none"} /> {facets?.starred ?? ""}
        <span className={styles["hidden"]}>{t("gallery.starred")}</span>
      </Button>
      <Total narrowed={isNarrowed(wanted)} />
    </>
  );
}

/** How many pictures there are, and how many of them are shown. */
function Total({ narrowed }: { narrowed: boolean }) {
  const { gallery } = useStudio();
  const facets = useStore(gallery.store, (state) => state.facets);
  const { count, more, loading } = useStore(gallery.found.store, useShallow(({ pictures, ...state }) => ({ ...state, count: pictures.length })));
  if (!facets) return null;
  const total = Math.max(facets.total, count);
  const found = `${count}${more ? "+" : ""}`;
  return (
    <span className={styles["total"]} aria-live="polite">
      {narrowed && !loading ? t("gallery.found", { found, total }) : t("gallery.total", { count: total })}
    </span>
  );
}

export function isNarrowed({ search, model, day, starred }: Wanted): boolean {
  return Boolean(search.trim() || model || day || starred);
}

function dayWords(day: string): string {
  return new Date(`${day}T12:00:00`).toLocaleDateString(document.documentElement.lang || "en", { dateStyle: "medium" });
}
