/** Starting sweeps, and finding their pictures again. */
import { uuid } from "../model/document/ids";
import { setSeeds } from "../model/commands";
import { nextSeeds } from "../model/runs/seeds";
import { signatures } from "../model/runs/signature";
import { cellsOf, valueLabel, type Axis } from "../model/runs/sweep";
import { api } from "../runtime/api";
import { isFinal } from "../runtime/jobs";
import { groupOf, type Group } from "../runtime/queue";
import type { JobRecord, Json } from "../runtime/wire.gen";
import type { Studio } from "./studio";

const MOST_JOBS = 500;

/** Ask for every combination; all have the seeds of now. Shows their grid. */
export function startSweep(studio: Studio, axes: readonly Axis[]): void {
  const { documents, planner, runtime, ui } = studio;
  documents.amend(setSeeds, nextSeeds(documents.document));
  const { document } = documents;
  const estimates = planner.estimates(document);
  const id = uuid();
  const title = `${document.name}: ${axes.map(({ label }) => label).join(" × ")}`;
  for (const { place, document: varied } of cellsOf(document, axes)) {
    const group: Record<string, Json> = {
      id,
      title,
      axes: axes.map(({ label, values }, index) => ({ label, value: valueLabel(values[place[index] ?? 0] ?? "") })),
      cell: [...place],
      size: axes.map(({ values }) => values.length),
    };
    void runtime.submit({ document: varied, signatures: signatures(varied), estimates }, { group });
  }
  ui.setState({ overlay: null, sweep: id });
}

/** All jobs of a sweep, those that the queue has forgotten too. */
export async function sweepRecords(id: string): Promise<JobRecord[]> {
  return (await api.jobs({ group: id, limit: MOST_JOBS })).jobs;
}

/** Cancel what has not been made yet. */
export function cancelSweep({ runtime }: Studio, records: readonly JobRecord[]): void {
  for (const { id, state } of records) if (!isFinal(state)) runtime.cancel(id);
}

/** A sweep as a grid: what stands over columns and before rows, and a job for each place. */
export interface SweepTable {
  readonly title: string;
  readonly axes: readonly string[];
  readonly columns: readonly string[];
  readonly rows: readonly string[];
  /** By row, then by column. */
  readonly cells: readonly (readonly (JobRecord | undefined)[])[];
}

/** Jobs of a sweep at their places; where one was run again, the latest. `null` if there are none. */
export function tableOf(records: readonly JobRecord[]): SweepTable | null {
  const placed = records.toSorted((a, b) => a.created - b.created).flatMap((record) => {
    const group = groupOf(record);
    return group ? [{ record, group }] : [];
  });
  const first = placed[0]?.group;
  if (!first) return null;
  const [width = 1, height = 1] = first.size;
  const columns = Array.from({ length: width }, () => "");
  const rows = Array.from({ length: height }, () => "");
  const cells: (JobRecord | undefined)[][] = rows.map(() => Array.from({ length: width }, () => undefined));
  for (const { record, group } of placed) {
    const [x = 0, y = 0] = group.cell;
    columns[x] = labelOf(group, 0);
    rows[y] = labelOf(group, 1);
    const row = cells[y];
    if (row && x < width) row[x] = record;
  }
  return { title: first.title, axes: first.axes.map(({ label }) => label), columns, rows, cells };
}

function labelOf({ axes }: Group, index: number): string {
  return axes[index]?.value ?? "";
}
