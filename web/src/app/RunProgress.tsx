import { nodeAt } from "../model/subgraphs/flatten";
import { useStudio, useDocument, useNodeTypes, useRuntime } from "../state/context";
import { useExpected } from "../state/useExpected";
import { seconds } from "../ui/format";
import { t } from "../i18n/text";
import styles from "./RunBar.module.css";
import { RunWords } from "./RunWords";

/** What runs now, how far it is, how long it will still take, and where. */
export function RunProgress({ open }: { open: readonly string[] }) {
  const { planner } = useStudio();
  // Newest first, and the oldest runs first.
  const current = useRuntime(({ jobs }) => open.findLast((id) => jobs.byId[id]?.record.state === "running") ?? open.at(-1) ?? "");
  const job = useRuntime(({ jobs }) => jobs.byId[current]);
  const live = useRuntime(({ phase }) => phase === "live");
  const { part, left } = useExpected(job);
  const types = useNodeTypes();
  const title = useDocument((document) => {
    const node = job?.running ? nodeAt(document, job.running) : undefined;
    return node && (node.title ?? types?.spec(node.type)?.title ?? node.type);
  });
  const each = planner.store.getState().plan?.seconds ?? null;
  if (!job) return null;
  const { record, progress } = job;
  const parts: string[] = [];
  if (!live) parts.push(t("job.away"));
  else if (record.state !== "running") parts.push(t(`job.${record.state}`));
  else if (title) parts.push(progress ? `${title} ${progress[0]} / ${progress[1]}` : title);
  else parts.push(t("job.running"));
  if (live && open.length > 1) parts.push(t("run.ahead", { count: open.length - 1 }));
  const behind = open.length > 1 ? (each === null ? null : each * (open.length - 1)) : 0;
  if (live && left !== null && behind !== null) parts.push(t("run.left", { seconds: seconds(left + behind) }));
  return (
    <span className={styles["plan"]} title={record.worker ? t("run.worker", { worker: record.worker }) : undefined}>
      <RunWords parts={parts} />
      <progress className={styles["bar"]} value={part} max={1} aria-label={t("run.progress")} />
    </span>
  );
}
