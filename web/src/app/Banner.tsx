import { useEffect } from "react";
import { isFinal } from "../runtime/jobs";
import { useRuntime, useStudio } from "../state/context";
import { Button } from "../ui/Button";
import { t } from "../i18n/text";
import styles from "./Banner.module.css";

/** What stands between a person and their work: a lost connection, a door that is shut. */
export function Banner() {
  const studio = useStudio();
  const locked = useRuntime((state) => state.locked);
  const lost = useRuntime((state) => state.wasLive && state.phase !== "live");
  useReturn();
  if (locked)
    return (
      <div data-zoomable className={styles["banner"]} role="alert">
        {t("banner.locked")}
      </div>
    );
  if (!lost) return null;
  return (
    <div data-zoomable className={styles["banner"]}>
      <span>{t("banner.lost")}</span>
      <Button onClick={() => studio.runtime.retryNow()}>{t("banner.retry")}</Button>
    </div>
  );
}

/** After a restart of the server: what goes on. */
function useReturn(): void {
  const studio = useStudio();
  useEffect(
    () =>
      studio.runtime.store.subscribe(({ fetched, jobs }, before) => {
        if (fetched === before.fetched || before.fetched === 0) return;
        const open = Object.values(jobs.byId).filter(({ record }) => !isFinal(record.state)).length;
        studio.notify(open ? t("banner.back", { count: open }) : t("banner.back.idle"));
      }),
    [studio],
  );
}
