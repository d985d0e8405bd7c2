import { FileImage, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { assetUrl } from "../../runtime/api";
import { isFinal, type Job } from "../../runtime/jobs";
import { isPicture } from "../../runtime/nodeRuns";
import type { JobRecord } from "../../runtime/wire.gen";
import { useRuntime, useStudio, useUi } from "../../state/context";
import type { Enlarged } from "../../state/ui";
import { saveBlob } from "../../state/download";
import { cancelSweep, sweepRecords, tableOf, type SweepTable } from "../../state/sweeps";
import { useExpected } from "../../state/useExpected";
import { Button, IconButton } from "../../ui/Button";
import { useKeys } from "../../ui/useKeys";
import { useReturnFocus } from "../../ui/useReturnFocus";
import { useSize } from "../../ui/useSize";
import { seconds } from "../../ui/format";
import { t } from "../../i18n/text";
import { drawSheet } from "./sheet";
import styles from "./Sweep.module.css";

const SMALLEST = 64;
const LARGEST = 384;
/** What is shown without being asked for is no smaller. */
const READABLE = 96;
const GAP = 6;
/** What the values along the sides take, with the margins: across and down. */
const SIDES = [120, 64] as const;

/** A sweep's pictures as they come, in a grid with the values along its sides. */
export function SweepGrid({ id }: { id: string }) {
  const studio = useStudio();
  const { ui } = studio;
  const records = useRecords(id);
  const covered = useUi(({ enlarged, overlay }) => enlarged !== null || overlay !== null);
  const [wanted, setWanted] = useState<number | null>(null);
  const section = useRef<HTMLElement>(null);
  const scroll = useRef<HTMLDivElement>(null);
  const room = useSize(scroll);
  useReturnFocus(section);
  const close = (): void => ui.setState({ sweep: null });
  useKeys((event) => {
    if (covered || event.key !== "Escape") return false;
    close();
    return true;
  });
  const table = tableOf(records);
  const size = wanted ?? (table ? sizeIn(room, table) : READABLE);
  const done = records.filter(({ state }) => isFinal(state)).length;
  const pictures = (table?.cells ?? []).flatMap((row) => row.flatMap((record) => pictureOf(record) ?? []));

  async function exportSheet(): Promise<void> {
    if (table) saveBlob(await drawSheet(table), `${table.title}.png`);
  }

  return (
    <section ref={section} tabIndex={-1} className={styles["covering"]} role="dialog" aria-label={table?.title ?? t("sweep.grid")} data-sweep-grid={id}>
      <header className={styles["head"]}>
        <h2>{table?.title ?? t("sweep.grid")}</h2>
        <span className={styles["progress"]} role="status">
          {table && t("sweep.progress", { done, total: table.columns.length * table.rows.length })}
          <TimeLeft records={records} />
        </span>
        <span className={styles["space"]} />
        <input type="range" aria-label={t("sweep.size")} min={SMALLEST} max={LARGEST} value={size} onChange={(event) => setWanted(Number(event.target.value))} />
        {done < records.length && <Button onClick={() => cancelSweep(studio, records)}>{t("sweep.cancelRest")}</Button>}
        <Button disabled={pictures.length === 0} onClick={() => void exportSheet().catch((error: Error) => studio.notify(error.message))}>
          <FileImage size={14} /> {t("sweep.export")}
        </Button>
        <IconButton label={t("sweep.close")} onClick={close}>
          <X size={16} />
        </IconButton>
      </header>
      <div ref={scroll} className={styles["scroll"]}>
        {table && (
          <Table
            table={table}
            size={size}
            open={(picture) => ui.setState({ enlarged: picture, among: pictures })}
          />
        )}
      </div>
    </section>
  );
}

/** How large pictures can be with all of them in sight. */
function sizeIn([width, height]: readonly [number, number], { columns, rows }: SweepTable): number {
  const across = (width - SIDES[0]) / Math.max(1, columns.length);
  const down = (height - SIDES[1]) / Math.max(1, rows.length);
  return Math.round(Math.max(READABLE, Math.min(LARGEST, across - GAP, down - GAP)));
}

interface TableProps {
  table: SweepTable;
  size: number;
  open: (picture: Enlarged) => void;
}

function Table({ table: { axes, columns, rows, cells }, size, open }: TableProps) {
  return (
    <table className={styles["table"]}>
      <thead>
        <tr>
          {axes.length > 1 && <td className={styles["corner"]}>{`${axes[1] ?? ""} ↓  ${axes[0] ?? ""} →`}</td>}
          {columns.map((value, index) => (
            <th key={index} scope="col" style={{ maxWidth: size }}>
              {axes.length > 1 ? value : `${axes[0] ?? ""} ${value}`}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {cells.map((row, y) => (
          <tr key={y}>
            {axes.length > 1 && <th scope="row">{rows[y]}</th>}
            {row.map((record, x) => (
              <td key={x} className={styles["cell"]} data-state={record?.state ?? "queued"}>
                <CellPicture record={record} size={size} open={open} label={[columns[x], rows[y]].filter(Boolean).join(", ")} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface CellProps {
  record: JobRecord | undefined;
  size: number;
  label: string;
  open: (picture: Enlarged) => void;
}

function CellPicture({ record, size, label, open }: CellProps) {
  const job = useRuntime(({ jobs }) => jobs.byId[record?.id ?? ""]);
  const picture = pictureOf(record);
  const style = { width: size, height: size };
  if (picture)
    return (
      <button type="button" className={styles["picture"]} style={style} aria-label={t("gallery.open", { name: label })} onClick={() => open(picture)}>
        <img src={assetUrl(picture.asset)} alt="" decoding="async" draggable={false} />
      </button>
    );
  return (
    <span className={styles["waiting"]} style={style} title={record?.problems[0]?.message}>
      {stateWords(record, job)}
    </span>
  );
}

function stateWords(record: JobRecord | undefined, job: Job | undefined): string {
  if (job?.progress) return `${job.progress[0]} / ${job.progress[1]}`;
  return t(`job.${record?.state ?? "queued"}`);
}

/** From what the pictures that are there took. */
function TimeLeft({ records }: { records: readonly JobRecord[] }) {
  const running = records.find(({ state }) => state === "running");
  const job = useRuntime(({ jobs }) => jobs.byId[running?.id ?? ""]);
  const { left } = useExpected(job);
  const done = records.filter(({ state }) => state === "succeeded");
  const waiting = records.filter(({ state }) => state === "queued").length;
  if (done.length === 0 || (waiting === 0 && !running)) return null;
  const each = done.reduce((sum, { summary }) => sum + summary.seconds, 0) / done.length;
  return <> · {t("run.left", { seconds: seconds((left ?? 0) + each * waiting) })}</>;
}

/** The sweep's jobs: fetched once, then as the page hears of them. */
function useRecords(id: string): readonly JobRecord[] {
  const studio = useStudio();
  const [fetched, setFetched] = useState<readonly JobRecord[]>([]);
  useEffect(() => {
    let current = true;
    const fetch = (): void =>
      void sweepRecords(id).then(
        (records) => {
          if (!current) return;
          setFetched(records);
          studio.runtime.learn(records.filter(({ state }) => !isFinal(state)));
        },
        () => {}, // what the page hears is shown all the same
      );
    fetch();
    const unwatch = studio.runtime.store.subscribe((now, before) => {
      if (now.fetched !== before.fetched) fetch();
    });
    return () => {
      current = false;
      unwatch();
    };
  }, [id, studio]);
  const byId = useRuntime(({ jobs }) => jobs.byId);
  const heard = Object.values(byId).flatMap(({ record }) => (record.group?.["id"] === id ? [record] : []));
  const known = new Set(heard.map((record) => record.id));
  return [...fetched.filter((record) => !known.has(record.id)), ...heard];
}

function pictureOf(record: JobRecord | undefined): Enlarged | null {
  const pictures = (record?.outputs ?? []).filter(isPicture);
  const shown = pictures.find(({ kind }) => kind === "output") ?? pictures[0];
  return shown?.asset ? { ...shown, asset: shown.asset } : null;
}
