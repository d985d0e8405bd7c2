import { useRuntime, useStudio } from "../state/context";
import { Button } from "../ui/Button";
import { t } from "../i18n/text";
import styles from "./Banner.module.css";

/** What stands between a person and their work: a lost connection, a door that is shut. */
export function Banner() {
  const studio = useStudio();
  const locked = useRuntime((state) => state.locked);
  const lost = useRuntime((state) => state.wasLive && state.phase !== "live");
  if (locked)
    return (
      <div className={styles["banner"]} role="alert">
        {t("banner.locked")}
      </div>
    );
  if (!lost) return null;
  return (
    <div className={styles["banner"]} role="status">
      <span>{t("banner.lost")}</span>
      <Button onClick={() => studio.runtime.retryNow()}>{t("banner.retry")}</Button>
    </div>
  );
}
