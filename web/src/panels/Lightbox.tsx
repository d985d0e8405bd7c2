import { ChevronLeft, ChevronRight, Download, X } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { assetUrl } from "../runtime/api";
import { useRuntime, useStudio, useUi } from "../state/context";
import type { Enlarged } from "../state/ui";
import { IconButton } from "../ui/Button";
import { t } from "../i18n/text";
import styles from "./Lightbox.module.css";

/** One picture, as large as the window lets it be. */
export function Lightbox() {
  const enlarged = useUi((state) => state.enlarged);
  return enlarged ? <Shown picture={enlarged} /> : null;
}

function Shown({ picture }: { picture: Enlarged }) {
  const { ui } = useStudio();
  const pictures = useRuntime((state) => state.pictures);
  const dialog = useRef<HTMLDialogElement>(null);
  const [actual, setActual] = useState(false);
  const place = pictures.findIndex((item) => item.asset === picture.asset);
  const previous = place > 0 ? pictures[place - 1] : undefined;
  const next = place >= 0 ? pictures[place + 1] : undefined;
  const show = useCallback(
    (enlarged: Enlarged | undefined) => {
      if (enlarged) ui.setState({ enlarged });
    },
    [ui],
  );

  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  useEffect(() => {
    const key = (event: KeyboardEvent): void => {
      if (event.key === "ArrowLeft") show(previous);
      if (event.key === "ArrowRight") show(next);
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, [previous, next, show]);

  const size = picture.width && picture.height ? `${picture.width} × ${picture.height}` : "";
  return (
    <dialog
      ref={dialog}
      className={styles["dialog"]}
      aria-label={t("lightbox.title")}
      onClose={() => ui.setState({ enlarged: null })}
    >
      <header className={styles["bar"]}>
        <span className={styles["name"]}>{picture.name}</span>
        <span className={styles["size"]}>{size}</span>
        <IconButton label={t("lightbox.previous")} disabled={!previous} onClick={() => show(previous)}>
          <ChevronLeft size={18} />
        </IconButton>
        <IconButton label={t("lightbox.next")} disabled={!next} onClick={() => show(next)}>
          <ChevronRight size={18} />
        </IconButton>
        <a className={styles["download"]} href={`${assetUrl(picture.asset)}?download=1`} download={picture.name} aria-label={t("lightbox.download")} title={t("lightbox.download")}>
          <Download size={16} />
        </a>
        <IconButton label={t("lightbox.close")} onClick={() => dialog.current?.close()}>
          <X size={18} />
        </IconButton>
      </header>
      <button
        type="button"
        className={styles["stage"]}
        aria-label={t("lightbox.actual")}
        aria-pressed={actual}
        onClick={() => setActual(!actual)}
      >
        <img className={actual ? styles["actual"] : styles["fitted"]} src={assetUrl(picture.asset)} alt={picture.name} />
      </button>
    </dialog>
  );
}
