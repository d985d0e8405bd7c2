import { useEffect, useState } from "react";
import { useRuntime } from "../../state/context";
import { seconds } from "../../ui/format";
import { t } from "../../i18n/text";
import styles from "./Node.module.css";
import { useShownRun } from "./useInstanceRun";

/** Below the picture: time left and device while it runs, size and file afterwards. */
export function NodeFooter({ id }: { id: string }) {
  const run = useShownRun(id, (last) => last);
  const device = useRuntime(({ jobs, workers }) => {
    const worker = run && jobs.byId[run.job]?.record.worker;
    return workers.find((item) => item.worker === worker)?.device ?? worker ?? "";
  });
  const live = useRuntime(({ phase }) => phase === "live");
  const now = useClock(live && run?.state === "running");
  if (!run) return null;
  if (run.state === "running") {
    const { started, value, total } = run;
    const left = started && value && total ? ((now - started) / value) * (total - value) : null;
    return (
      <footer className={styles["footer"]}>
        <span>{left === null ? "" : t("node.left", { seconds: seconds(left / 1000) })}</span>
        <span>{device}</span>
      </footer>
    );
  }
  const picture = run.outputs.find((output) => output.asset);
  if (!picture?.width || !picture.height)
    return (
      <footer className={styles["footer"]}>
        <span>{run.state === "done" ? run.reason : ""}</span>
      </footer>
    );
  return (
    <footer className={styles["footer"]}>
      <span>{`${picture.width} × ${picture.height}`}</span>
      <span>{kindOf(picture.mime)}</span>
    </footer>
  );
}

function kindOf(mime = ""): string {
  return (mime.split("/")[1] ?? "").toUpperCase();
}

/** The time, four times a second while it is needed. */
function useClock(ticking: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!ticking) return;
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [ticking]);
  return now;
}
