import { Grid3x3 } from "lucide-react";
import { useShallow } from "zustand/react/shallow";
import { isFinal } from "../runtime/jobs";
import { groupOf } from "../runtime/queue";
import { useRuntime, useStudio } from "../state/context";
import { t } from "../i18n/text";
import styles from "./Queue.module.css";
import { usePlace, type Place } from "./usePlace";

interface Props {
  group: string;
  jobs: readonly string[];
  place: Place | null;
}

/** A sweep in the queue: one row however many pictures it makes; it opens their grid. */
export function SweepRow({ group, jobs: ids, place }: Props) {
  const { ui } = useStudio();
  const { over, handlers } = usePlace(place);
  const { title, done, total, state } = useRuntime(
    useShallow(({ jobs }) => {
      const first = groupOf(jobs.byId[ids[0] ?? ""]?.record);
      const members = jobs.order.filter((id) => groupOf(jobs.byId[id]?.record)?.id === group);
      const ended = members.filter((id) => isFinal(jobs.byId[id]?.record.state ?? "failed"));
      const [width = 1, height = 1] = first?.size ?? [];
      return {
        title: first?.title ?? "",
        done: ended.length,
        total: width * height,
        state: jobs.byId[ids[0] ?? ""]?.record.state ?? "queued",
      };
    }),
  );
  return (
    <li className={`${styles["job"]} ${over ? styles["over"] : ""}`} data-state={state} data-sweep={group} {...handlers} draggable={false}>
      <span className={styles["thumb"]}>
        <Grid3x3 size={18} aria-hidden="true" />
      </span>
      <button type="button" className={styles["words"]} onClick={() => ui.setState({ sweep: group })}>
        <span className={styles["title"]}>{title}</span>
        <span className={styles["detail"]}>{t("sweep.progress", { done, total })}</span>
      </button>
    </li>
  );
}
