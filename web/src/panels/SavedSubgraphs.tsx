import { Boxes, X } from "lucide-react";
import { useEffect } from "react";
import { useStore } from "zustand";
import { useRuntime, useStudio } from "../state/context";
import { insertSaved, listLibrary, removeSaved, SAVED_TYPE, titleOf } from "../state/library";
import { DRAGGED_TYPE } from "../state/adding";
import { IconButton } from "../ui/Button";
import { t } from "../i18n/text";
import styles from "./SavedSubgraphs.module.css";

/** Subgraphs that were kept for all documents: a click or a drag puts one on the canvas. */
export function SavedSubgraphs({ query = "" }: { query?: string }) {
  const studio = useStudio();
  const saved = useStore(studio.library);
  const live = useRuntime(({ phase }) => phase === "live");
  useEffect(() => {
    if (live) listLibrary(studio).catch(() => {}); // the next connection asks again
  }, [studio, live]);
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = saved.filter(({ name }) => words.every((word) => titleOf(name).toLowerCase().includes(word)));
  if (shown.length === 0) return null;
  return (
    <section className={styles["shelf"]} aria-label={t("subgraph.saved")}>
      <h3>{t("subgraph.saved")}</h3>
      <ul>
        {shown.map((file) => {
          const name = titleOf(file.name);
          return (
            <li key={file.name}>
              <button
                type="button"
                className={styles["saved"]}
                title={t("subgraph.insert", { name })}
                draggable
                onClick={() => void insertSaved(studio, file.name, studio.view.getState().canvas?.centre() ?? [0, 0])}
                onDragStart={(event) => {
                  event.dataTransfer.setData(DRAGGED_TYPE, SAVED_TYPE + file.name);
                  event.dataTransfer.effectAllowed = "copy";
                }}
              >
                <Boxes size={13} aria-hidden="true" />
                {name}
              </button>
              <IconButton label={t("subgraph.take", { name })} onClick={() => void removeSaved(studio, file)}>
                <X size={12} />
              </IconButton>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
