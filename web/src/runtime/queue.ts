/** The queue as people read it: what runs, what waits, what has ended. */
import { isFinal, type Job, type Jobs } from "./jobs";
import type { JobRecord } from "./wire.gen";

export interface Sections {
  readonly running: readonly string[];
  /** The next one first. */
  readonly waiting: readonly string[];
  /** The latest first. */
  readonly ended: readonly string[];
}

/** What a job is one of: a sweep's cells have a place on axes. */
export interface Group {
  readonly id: string;
  readonly title: string;
  /** One or two: what is varied, and this job's value of it. */
  readonly axes: readonly { readonly label: string; readonly value: string }[];
  /** The place of this job on each axis, and how many places that has. */
  readonly cell: readonly number[];
  readonly size: readonly number[];
}

/** All jobs by section. Those that ended before `cleared` (seconds since 1970) are left out. */
export function sections({ order, byId }: Jobs, cleared = 0): Sections {
  const of = (ids: readonly string[], wanted: (job: Job) => boolean): string[] =>
    ids.filter((id) => byId[id] && wanted(byId[id]));
  const turn = (id: string): [number, number] => {
    const { priority = 0, position = 0 } = byId[id]?.record ?? {};
    return [-priority, position];
  };
  const waiting = of(order, ({ record }) => record.state === "queued");
  return {
    running: of(order, ({ record }) => record.state === "running" || record.state === "leased"),
    waiting: waiting.toSorted((a, b) => compare(turn(a), turn(b))),
    ended: of(order, ({ record }) => isFinal(record.state) && (record.ended ?? record.created) > cleared),
  };
}

function compare(a: readonly [number, number], b: readonly [number, number]): number {
  return a[0] - b[0] || a[1] - b[1];
}

/**
 * Where a waiting job goes when it is to stand at `index` among those that wait: before which one;
 * `null` behind all of them. `undefined` if it stands there already.
 */
export function moveTarget(waiting: readonly string[], job: string, index: number): string | null | undefined {
  const from = waiting.indexOf(job);
  const others = waiting.filter((id) => id !== job);
  const to = Math.max(0, Math.min(others.length, index));
  if (from < 0 || to === from) return undefined;
  return others[to] ?? null;
}

/** The sweep that a job belongs to; `null` for all that is not one. */
export function groupOf(record: JobRecord | undefined): Group | null {
  const data = record?.group;
  if (!data || !Array.isArray(data["axes"]) || !Array.isArray(data["cell"]) || !Array.isArray(data["size"]) || typeof data["id"] !== "string") return null;
  return data as unknown as Group;
}

/** A row of the queue: a job, or all jobs of one sweep. */
export type Row = { readonly job: string } | { readonly group: string; readonly jobs: readonly string[] };

/** The queue as rows. A sweep is one row, where the first of its jobs stands: while it runs, above. */
export function rowsOf({ running, waiting, ended }: Sections, { byId }: Jobs): Readonly<Record<keyof Sections, readonly Row[]>> {
  const members = new Map<string, string[]>();
  const rows = (ids: readonly string[]): Row[] =>
    ids.flatMap((id): Row[] => {
      const group = groupOf(byId[id]?.record)?.id;
      if (group === undefined) return [{ job: id }];
      const known = members.get(group);
      if (known) {
        known.push(id);
        return [];
      }
      const jobs = [id];
      members.set(group, jobs);
      return [{ group, jobs }];
    });
  return { running: rows(running), waiting: rows(waiting), ended: rows(ended) };
}
