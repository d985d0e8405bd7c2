import { t } from "../i18n/text";
import { useStudio } from "../state/context";
import { enter } from "./commands/regions";
import styles from "./SkipLink.module.css";

/** The first thing that Tab reaches: past all menus and panels to the canvas. */
export function SkipLink() {
  const studio = useStudio();
  return (
    <button type="button" className={styles["skip"]} onClick={() => enter(studio, "main")}>
      {t("region.skip")}
    </button>
  );
}
