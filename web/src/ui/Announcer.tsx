import { useRuntime, useUi, useView, useWorkspace } from "../state/context";
import { t } from "../i18n/text";
import { seconds } from "./format";
import styles from "./Announcer.module.css";

/**
 * What a screen reader says by itself: the one place for that. What interrupts is why a wire does not
 * fit while it is drawn; all else waits for a pause.
 */
export function Announcer() {
  const said = useView((state) => state.said);
  const refusal = useView((state) => state.refusal);
  const notice = useUi((state) => state.notice);
  const connection = useConnectionWords();
  const run = useRunWords();
  return (
    <div className={styles["unseen"]}>
      <div role="status" aria-live="polite" aria-atomic="false">
        <p>{said}</p>
        <p>{notice}</p>
        <p>{connection}</p>
        <p>{run}</p>
      </div>
      <div role="alert" aria-live="assertive">
        {refusal}
      </div>
    </div>
  );
}

function useConnectionWords(): string {
  const phase = useRuntime((state) => state.phase);
  if (phase === "live") return t("status.connected");
  return phase === "connecting" ? t("status.connecting") : t("status.offline");
}

/** How the last run of the open document ended. */
function useRunWords(): string {
  const { id } = useWorkspace();
  const name = useWorkspace().documents.document.name;
  const last = useRuntime(({ jobs }) => {
    const newest = jobs.order.find((job) => jobs.ours[job]?.document === id);
    return newest === undefined ? undefined : jobs.byId[newest]?.record;
  });
  if (!last) return "";
  if (last.state === "succeeded") return t("announce.succeeded", { name, seconds: seconds((last.ended ?? 0) - (last.started ?? 0)) });
  if (last.state === "running") return t("announce.running", { name });
  if (last.state === "failed") return t("announce.failed", { name });
  return last.state === "cancelled" ? t("announce.cancelled", { name }) : "";
}
