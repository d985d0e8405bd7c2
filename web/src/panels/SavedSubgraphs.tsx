import { Boxes, X } from "lucide-react";
import { useEffect } from "react";
import { useStore } from "zustand";
import { DRAGGED_TYPE } from "../state/adding";
import { insertSaved, listLibrary, removeSaved, SAVED_TYPE, titleOf } from "../state/library";
import { useStudio } from "../state/context";
import { t } from "../i18n/text";
import styles from "./Library.module.css";

/** Subgraphs that are kept for all documents. */
export function SavedSubgraphs() {
  const studio = useStudio();
  const saved = useStore(studio.library);
  useEffect(() => {
    // Without the server there are none to show; the banner says that it is away.
    listLibrary(studio).catch(() => {});
  }, [studio]);
  if (saved.length === 0) return null;
  const centre = () => studio.view.getState().canvas?.centre() ?? ([0, 0] as const);
  return (
    <section className={styles["saved"]} aria-label={t("library.saved")}>
      <h2 className={styles["heading"]}>{t("library.saved")}</h2>
      <ul>
        {saved.map((file) => (
          <li key={file.name} className={styles["savedRow"]}>
            <button
              type="button"
              className={styles["insert"]}
              draggable
              onClick={() => void insertSaved(studio, file.name, centre())}
              onDragStart={(event) => {
                event.dataTransfer.setData(DRAGGED_TYPE, SAVED_TYPE + file.name);
                event.dataTransfer.effectAllowed = "copy";
              }}
            >
              <Boxes size={13} aria-hidden="true" />
              <span className={styles["typeName"]}>{titleOf(file.name)}</span>
            </button>
            <button
              type="button"
              className={styles["remove"]}
              aria-label={t("library.removeSaved", { title: titleOf(file.name) })}
              onClick={() => void removeSaved(studio, file)}
            >
              <X size={12} aria-hidden="true" />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
