import { memo } from "react";
import { thumbnailUrl } from "../runtime/api";
import type { Picture } from "../state/runtime";
import { useRuntime, useStudio } from "../state/context";
import { t } from "../i18n/text";
import styles from "./Gallery.module.css";
import panel from "./Panel.module.css";

/** Every picture that was made, the newest first. */
export function Gallery() {
  const pictures = useRuntime((state) => state.pictures);
  return (
    <section className={panel["section"]} aria-label={t("gallery.title")}>
      <h2 className={panel["heading"]}>{t("gallery.title")}</h2>
      {pictures.length === 0 ? (
        <p className={panel["quiet"]}>{t("gallery.empty")}</p>
      ) : (
        <ul className={styles["grid"]}>
          {pictures.map((picture) => (
            <Tile key={picture.asset} picture={picture} />
          ))}
        </ul>
      )}
    </section>
  );
}

const Tile = memo(function Tile({ picture }: { picture: Picture }) {
  const { ui } = useStudio();
  return (
    <li>
      <button
        type="button"
        className={styles["tile"]}
        title={picture.name}
        aria-label={t("gallery.open", { name: picture.name })}
        onClick={() => ui.setState({ enlarged: picture })}
      >
        <img src={thumbnailUrl(picture.asset, 256)} alt="" loading="lazy" decoding="async" draggable={false} />
      </button>
    </li>
  );
});
