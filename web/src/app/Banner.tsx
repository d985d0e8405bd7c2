import { useDocument, useDocumentState, useRuntime, useStudio } from "../state/context";
import { Button } from "../ui/Button";
import { t } from "../i18n/text";
import styles from "./Banner.module.css";

/** What stands between a person and their work: a lost connection, a document changed elsewhere. */
export function Banner() {
  const studio = useStudio();
  const name = useDocument((document) => document.name);
  const { save } = useDocumentState((state) => ({ save: state.save }));
  const locked = useRuntime((state) => state.locked);
  const lost = useRuntime((state) => state.wasLive && state.phase !== "live");
  const notify = (error: Error): void => studio.notify(error.message);
  if (save === "conflict")
    return (
      <div className={styles["banner"]} role="alert">
        <span>{t("banner.conflict", { name })}</span>
        <Button onClick={() => void studio.takeTheirs().catch(notify)}>{t("banner.conflict.theirs")}</Button>
        <Button onClick={() => void studio.saving.keepMine().catch(notify)}>{t("banner.conflict.mine")}</Button>
      </div>
    );
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
