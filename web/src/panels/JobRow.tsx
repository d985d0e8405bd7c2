import { ChevronDown, GripVertical, Image, RotateCcw, X } from "lucide-react";
import { memo, useState } from "react";
import { nodeAt } from "../model/subgraphs/flatten";
import { isFinal, type Job } from "../runtime/jobs";
import { thumbnailUrl } from "../runtime/api";
import { isPicture } from "../runtime/nodeRuns";
import type { Problem } from "../runtime/wire.gen";
import { useRuntime, useStudio } from "../state/context";
import { reveal } from "../state/reveal";
import type { Studio } from "../state/studio";
import { useExpected } from "../state/useExpected";
import { IconButton } from "../ui/Button";
import { t } from "../i18n/text";
import { jobDetail, jobExplained, jobFacts } from "./jobWords";
import styles from "./Queue.module.css";
import { usePlace, type Place } from "./usePlace";

interface Props {
  id: string;
  /** Where it stands among those that wait. */
  place: Place | null;
}

/** A job: its picture, how far it is, what can be done with it; opened, what it says. */
export const JobRow = memo(function JobRow({ id, place }: Props) {
  const studio = useStudio();
  const job = useRuntime(({ jobs }) => jobs.byId[id]);
  const live = useRuntime(({ phase }) => phase === "live");
  const way = useExpected(job);
  const [opened, setOpened] = useState(false);
  const { over, handlers } = usePlace(place);
  if (!job) return null;
  const { record } = job;
  const active = record.state === "running";
  return (
    <li
      className={`${styles["job"]} ${active && live ? styles["active"] : ""} ${over ? styles["over"] : ""}`}
      data-state={record.state}
      data-job={id}
      {...handlers}
    >
      {place && (
        <button type="button" data-handle="" className={styles["handle"]} aria-label={t("queue.move", { title: record.title })} title={t("queue.move.hint")}>
          <GripVertical size={13} />
        </button>
      )}
      <Thumb job={job} />
      <button type="button" className={styles["words"]} aria-expanded={opened} onClick={() => setOpened(!opened)}>
        <span className={styles["title"]}>{record.title || t("file.untitled")}</span>
        <span className={`${styles["detail"]} ${styles[record.state] ?? ""}`}>
          {live || isFinal(record.state) ? jobDetail(job, nodeTitle(studio, job), way, place?.index === 0) : t("job.away")}
        </span>
      </button>
      <ChevronDown size={12} className={styles["chevron"]} aria-hidden="true" />
      <Action job={job} />
      {active && <progress className={styles["bar"]} value={way.part} max={1} aria-label={t("run.progress")} />}
      {opened && <Opened job={job} />}
    </li>
  );
});

function Thumb({ job }: { job: Job }) {
  const { ui } = useStudio();
  const { record, running } = job;
  const preview = useRuntime(({ previews, jobs }) => (running ? previews[jobs.ours[record.id]?.document ?? ""]?.[running] : undefined));
  const picture = record.outputs.find(isPicture);
  const source = preview ?? (picture?.asset ? thumbnailUrl(picture.asset, 96) : undefined);
  return (
    <button
      type="button"
      className={styles["thumb"]}
      disabled={!picture}
      aria-label={t("node.open")}
      onClick={() => picture?.asset && ui.setState({ enlarged: { ...picture, asset: picture.asset }, among: null })}
    >
      {source ? <img src={source} alt="" loading="lazy" draggable={false} /> : <Image size={16} aria-hidden="true" />}
    </button>
  );
}

function Action({ job: { record } }: { job: Job }) {
  const studio = useStudio();
  const live = useRuntime(({ phase }) => phase === "live");
  if (!isFinal(record.state))
    return (
      <IconButton label={t("command.cancel")} disabled={!live} className={styles["action"]} onClick={() => studio.runtime.cancel(record.id)}>
        <X size={14} />
      </IconButton>
    );
  if (record.state === "succeeded") return null;
  return (
    <IconButton
      label={t("job.retry")}
      className={styles["action"]}
      onClick={() => void studio.runtime.retry(record.id).catch((error: Error) => studio.notify(error.message))}
    >
      <RotateCcw size={13} />
    </IconButton>
  );
}

function Opened({ job }: { job: Job }) {
  const explained = jobExplained(job);
  return (
    <div className={styles["opened"]}>
      <p className={styles["facts"]}>{jobFacts(job)}</p>
      {explained && <p>{explained}</p>}
      {job.record.problems.map((problem, index) => (
        <ProblemLines key={index} problem={problem} document={job.record.document} />
      ))}
    </div>
  );
}

function ProblemLines({ problem, document }: { problem: Problem; document: string | null }) {
  const studio = useStudio();
  const { node, message, hint, severity } = problem;
  return (
    <div className={`${styles["problem"]} ${severity === "error" ? styles["failed"] : ""}`}>
      <p>{message}</p>
      {hint && <p className={styles["hint"]}>{hint}</p>}
      {node !== null && (
        <button type="button" className={styles["jump"]} onClick={() => reveal(studio, document, node)}>
          {t("queue.jump")}
        </button>
      )}
    </div>
  );
}

/** The title of the node that runs, if its document is open. */
function nodeTitle(studio: Studio, { record, running }: Job): string | undefined {
  const open = studio.workspaces.getState().open.find(({ id }) => id === record.document);
  const node = open && running ? nodeAt(open.documents.document, running) : undefined;
  return node && (node.title ?? open?.types?.spec(node.type)?.title ?? node.type);
}
