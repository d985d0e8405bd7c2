/** A job's state in words. */
import { wordsOf } from "../model/runs/problem";
import type { Expected } from "../runtime/eta";
import type { Job } from "../runtime/jobs";
import { clock, seconds } from "../ui/format";
import { t } from "../i18n/text";

/** What a job does, or how it ended. `node` is the title of the node that runs. */
export function jobDetail(job: Job, node: string | undefined, { left }: Expected, next: boolean): string {
  const { record } = job;
  if (record.state === "running") return runningDetail(job, node, left);
  if (record.state === "queued") return waitingDetail(job, next);
  const words: string[] = [t(`job.${record.state}`)];
  if (record.state === "succeeded") {
    words.push(seconds(record.summary.seconds));
    if (record.summary.cached) words.push(t("job.cached", { count: record.summary.cached }));
  } else if (record.state === "failed" && record.problems[0]) words.push(wordsOf(record.problems[0]));
  else if (record.ended) words.push(clock(record.ended * 1000));
  return words.join(" · ");
}

function runningDetail({ progress, planned, ran, record }: Job, node: string | undefined, left: number | null): string {
  const words: string[] = [];
  if (node) words.push(progress ? `${node} ${progress[0]} / ${progress[1]}` : node);
  else words.push(t("job.running"));
  if (!progress && planned?.length) words.push(t("job.nodes", { done: ran, total: planned.length }));
  if (left !== null && left > 0) words.push(t("node.left", { seconds: seconds(left) }));
  if (record.worker) words.push(record.worker);
  return words.join(" · ");
}

/** A job that waits again was running before: its worker or the server died. */
function waitingDetail({ record }: Job, next: boolean): string {
  const words = [record.attempt > 0 ? t("job.again", { count: record.attempt }) : t(next ? "job.next" : "job.queued")];
  if (record.problems[0]) words.push(wordsOf(record.problems[0]));
  return words.join(" · ");
}

/** What the state means and what can be done about it, where that needs saying. */
export function jobExplained({ record }: Job): string {
  if (record.state === "quarantined") return t("job.quarantined.why");
  if (record.state === "queued" && record.attempt > 0) return t("job.again.why");
  return "";
}

/** When and where it ran. */
export function jobFacts({ record }: Job): string {
  const words = [clock(record.created * 1000)];
  if (record.worker) words.push(record.worker);
  if (record.nodes) words.push(t("job.nodeCount", { count: record.nodes }));
  if (record.attempt > 1) words.push(t("job.attempts", { count: record.attempt }));
  return words.join(" · ");
}
