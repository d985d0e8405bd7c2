import { t } from "../i18n/text";
import styles from "./Lossy.module.css";

/** The sign of what makes results less exact; its tooltip says so. */
export function Lossy() {
  return (
    <abbr className={styles["sign"]} role="img" title={t("node.lossy")} aria-label={t("node.lossy")}>
      ≈
    </abbr>
  );
}
