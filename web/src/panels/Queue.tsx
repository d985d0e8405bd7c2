import { CircleX, ListX, Pause, Play } from "lucide-react";
import { useMemo, useState, type KeyboardEvent } from "react";
import { useStore } from "zustand";
import { cancelAll } from "../app/commands/run";
import { rowsOf, sections, type Row } from "../runtime/queue";
import { useRuntime, useSettings, useStudio } from "../state/context";
import { Button, IconButton } from "../ui/Button";
import { t } from "../i18n/text";
import { JobRow } from "./JobRow";
import panel from "./Panel.module.css";
import styles from "./Queue.module.css";
import { SweepRow } from "./SweepRow";
import type { Place } from "./usePlace";

/** So many rows of a section at first, and more when asked. */
const PAGE = 20;

/** What happens: what runs, what waits and in which order, what has ended. */
export function Queue() {
  const { runtime } = useStudio();
  const cleared = useSettings((settings) => settings.queueCleared);
  // As text, so that what the rows show of their jobs does not draw the list anew.
  const order = useStore(runtime.store, ({ jobs }) => JSON.stringify(rowsOf(sections(jobs, cleared), jobs)));
  const { running, waiting, ended } = useMemo(() => JSON.parse(order) as ReturnType<typeof rowsOf>, [order]);
  // That it is paused is said below, with what can be done about it.
  const obstacle = useRuntime(({ system }) => (system?.queue.paused ? null : system?.queue.obstacle));
  const live = useRuntime(({ phase }) => phase === "live");
  const open = running.length + waiting.length > 0;
  return (
    <section className={panel["section"]} aria-label={t("queue.title")}>
      <h2 className={panel["heading"]}>
        {t("queue.title")}
        <Actions open={open} ended={ended.length > 0} />
      </h2>
      <Paused />
      {obstacle && <p className={panel["quiet"]}>{obstacle}</p>}
      {!open && ended.length === 0 && <p className={panel["quiet"]}>{t("queue.empty")}</p>}
      <Section rows={running} title={t(live ? "queue.running" : "queue.away")} />
      <Section rows={waiting} title={t("queue.waiting")} movable />
      <Section rows={ended} title={t("queue.ended")} />
    </section>
  );
}

/** Arrow keys go from row to row. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  const row = (event.target as Element).closest("li");
  if (!step || !row || event.defaultPrevented) return;
  const rows = [...(event.currentTarget.closest("section")?.querySelectorAll("li") ?? [])];
  const next = rows[rows.indexOf(row) + step];
  if (!next) return;
  event.preventDefault();
  (next.querySelector<HTMLElement>("[aria-expanded]") ?? next.querySelector("button"))?.focus();
}

function Actions({ open, ended }: { open: boolean; ended: boolean }) {
  const studio = useStudio();
  const paused = useRuntime(({ system }) => system?.queue.paused ?? false);
  const live = useRuntime(({ phase }) => phase === "live");
  const pause = (): void => void studio.runtime.pause(!paused).catch((error: Error) => studio.notify(error.message));
  return (
    <span className={styles["actions"]}>
      {open && (
        <IconButton label={t("command.cancelAll")} disabled={!live} onClick={() => cancelAll(studio)}>
          <CircleX size={14} />
        </IconButton>
      )}
      {ended && (
        <IconButton label={t("queue.clear")} onClick={() => studio.settings.setState({ queueCleared: Date.now() / 1000 })}>
          <ListX size={14} />
        </IconButton>
      )}
      <IconButton label={t(paused ? "queue.resume" : "queue.pause")} disabled={!live} onClick={pause}>
        {paused ? <Play size={14} /> : <Pause size={14} />}
      </IconButton>
    </span>
  );
}

function Paused() {
  const studio = useStudio();
  const paused = useRuntime(({ system }) => system?.queue.paused ?? false);
  const live = useRuntime(({ phase }) => phase === "live");
  if (!paused) return null;
  return (
    <p className={styles["paused"]}>
      {t("queue.paused")}
      <Button disabled={!live} onClick={() => void studio.runtime.pause(false).catch((error: Error) => studio.notify(error.message))}>
        {t("queue.resume")}
      </Button>
    </p>
  );
}

interface SectionProps {
  rows: readonly Row[];
  title: string;
  movable?: boolean;
}

function Section({ rows, title, movable = false }: SectionProps) {
  const [shown, setShown] = useState(PAGE);
  if (rows.length === 0) return null;
  const firsts = rows.map(firstOf);
  return (
    // Keys of the buttons in it.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div role="group" aria-label={title} onKeyDown={walk}>
      <h3 className={styles["section"]}>
        {title}
        <span className={styles["count"]}>{rows.length > 1 ? rows.length : ""}</span>
      </h3>
      <ul className={styles["list"]}>
        {rows.slice(0, shown).map((row, index) => (
          <QueueRow key={firstOf(row)} row={row} place={movable ? { firsts, index } : null} />
        ))}
      </ul>
      {rows.length > shown && (
        <Button look="quiet" className={styles["moreRows"] ?? ""} onClick={() => setShown(shown + 2 * PAGE)}>
          {t("queue.more", { count: rows.length - shown })}
        </Button>
      )}
    </div>
  );
}

function QueueRow({ row, place }: { row: Row; place: Place | null }) {
  return "job" in row ? <JobRow id={row.job} place={place} /> : <SweepRow group={row.group} jobs={row.jobs} place={place} />;
}

function firstOf(row: Row): string {
  return "job" in row ? row.job : (row.jobs[0] ?? "");
}
