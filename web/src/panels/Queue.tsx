import { RotateCcw, X } from "lucide-react";
import { memo } from "react";
import { useStore } from "zustand";
import { useShallow } from "zustand/react/shallow";
import { isFinal, queueOrder, type Job } from "../runtime/jobs";
import { thumbnailUrl } from "../runtime/api";
import { useDocument, useRuntime, useStudio } from "../state/context";
import { IconButton } from "../ui/Button";
import { clock, seconds } from "../ui/format";
import { t } from "../i18n/text";
import panel from "./Panel.module.css";
import styles from "./Queue.module.css";

const SHOWN = 30;

/** What happens: running and waiting jobs first, then those that have ended. */
export function Queue() {
  const { runtime } = useStudio();
  const order = useStore(runtime.store, useShallow(({ jobs }) => queueOrder(jobs).slice(0, SHOWN)));
  const obstacle = useRuntime(({ system }) => system?.queue.obstacle);
  return (
    <section className={panel["section"]} aria-label={t("queue.title")}>
      <h2 className={panel["heading"]}>{t("queue.title")}</h2>
      {obstacle && <p className={panel["quiet"]}>{obstacle}</p>}
      {order.length === 0 && <p className={panel["quiet"]}>{t("queue.empty")}</p>}
      <ul className={styles["list"]}>
        {order.map((id) => (
          <Row key={id} id={id} />
        ))}
      </ul>
    </section>
  );
}

const Row = memo(function Row({ id }: { id: string }) {
  const { runtime, ui } = useStudio();
  const job = useRuntime(({ jobs }) => jobs.byId[id]);
  const running = useRuntime(({ jobs }) => (job?.running ? jobs.byId[id]?.running : null));
  const preview = useRuntime(({ previews, jobs }) => {
    const node = jobs.byId[id]?.running;
    return node ? previews[jobs.ours[id]?.document ?? ""]?.[node] : undefined;
  });
  const title = useDocument((document) => (running ? document.nodes[running]?.title ?? document.nodes[running]?.type : undefined));
  if (!job) return null;
  const { record } = job;
  const picture = record.outputs.find((output) => output.asset && output.mime?.startsWith("image/"));
  const active = !isFinal(record.state);
  const source = preview ?? (picture?.asset ? thumbnailUrl(picture.asset, 96) : undefined);
  return (
    <li className={`${styles["job"]} ${record.state === "running" ? styles["active"] : ""}`} data-state={record.state}>
      <button
        type="button"
        className={styles["thumb"]}
        disabled={!picture}
        aria-label={t("node.open")}
        onClick={() =>
          picture?.asset &&
          ui.setState({
            enlarged: { asset: picture.asset, name: picture.name ?? "", width: picture.width ?? null, height: picture.height ?? null },
          })
        }
      >
        {source && <img src={source} alt="" loading="lazy" draggable={false} />}
      </button>
      <div className={styles["words"]}>
        <p className={styles["title"]}>{record.title || t("file.untitled")}</p>
        <p className={`${styles["detail"]} ${styles[record.state] ?? ""}`}>{detail(job, title)}</p>
      </div>
      {active && (
        <IconButton label={t("command.cancel")} className={styles["action"]} onClick={() => runtime.cancel(id)}>
          <X size={14} />
        </IconButton>
      )}
      {!active && record.state !== "succeeded" && (
        <IconButton label={t("job.retry")} className={styles["action"]} onClick={() => void runtime.retry(id).catch(() => {})}>
          <RotateCcw size={13} />
        </IconButton>
      )}
    </li>
  );
});

function detail(job: Job, node: string | undefined): string {
  const { record, progress, planned, ran } = job;
  if (record.state === "running" && node) {
    if (progress) return `${node} ${progress[0]} / ${progress[1]}`;
    return planned ? `${node} · ${t("job.nodes", { done: ran, total: planned })}` : node;
  }
  const words: string[] = [t(`job.${record.state}`)];
  if (record.state === "succeeded") {
    words.push(seconds(record.summary.seconds));
    if (record.summary.cached) words.push(t("job.cached", { count: record.summary.cached }));
  }
  if (record.state === "failed" && record.problems[0]) words.push(record.problems[0].message);
  if (record.ended && record.state !== "succeeded" && record.state !== "failed") words.push(clock(record.ended * 1000));
  return words.join(" · ");
}
