/** Jobs and what their nodes do, as a pure reducer over the server's messages. */
import type { Signatures } from "../model/signature";
import type { Event as JobEvent, JobOutput, JobRecord, JobState, Output, Problem } from "./wire.gen";

export type NodeState = "running" | "done" | "cached" | "error" | "stopped";

/** A node's part in a job. */
export interface NodeRun {
  readonly job: string;
  readonly state: NodeState;
  readonly value?: number;
  readonly total?: number;
  readonly started?: number;
  readonly seconds?: number;
  /** Why it was not in the cache. */
  readonly reason?: string;
  readonly outputs: readonly Output[];
  /** The node as it was when this ran: differs from the present one when it is stale. */
  readonly signature?: string | undefined;
}

export interface Job {
  readonly record: JobRecord;
  /** How many nodes are to run and have run, once that is known. */
  readonly planned: number | null;
  readonly ran: number;
  readonly cached: number;
  readonly running: string | null;
  readonly progress: readonly [value: number, total: number] | null;
}

export interface Jobs {
  /** Newest first. */
  readonly order: readonly string[];
  readonly byId: Readonly<Record<string, Job>>;
  /** By document: what its nodes did last. */
  readonly documents: Readonly<Record<string, DocumentRuns>>;
  /** Jobs of open documents. */
  readonly ours: Readonly<Record<string, Ours>>;
}

/** Node ids are those of the run: `12/3` is node 3 inside instance 12. */
export interface DocumentRuns {
  readonly nodes: Readonly<Record<string, NodeRun>>;
  readonly problems: readonly Problem[];
}

/** A job that shows on a document's nodes, with their signatures when it was submitted. */
export interface Ours {
  readonly document: string;
  readonly signatures: Signatures;
}

export const NO_JOBS: Jobs = { order: [], byId: {}, documents: {}, ours: {} };
export const NO_RUNS: DocumentRuns = { nodes: {}, problems: [] };
export const SHOWN_JOBS = 100;

const FINAL: ReadonlySet<JobState> = new Set(["succeeded", "failed", "cancelled", "quarantined"]);

export function isFinal(state: JobState): boolean {
  return FINAL.has(state);
}

/** Records as fetched. A job that has ended here stays ended: the answer may be older than events. */
export function withRecords(jobs: Jobs, records: readonly JobRecord[]): Jobs {
  const byId = { ...jobs.byId };
  for (const record of records) {
    const known = byId[record.id];
    if (known && isFinal(known.record.state) && !isFinal(record.state)) continue;
    byId[record.id] = { ...(known ?? asNew(record)), record };
  }
  const order = Object.values(byId)
    .toSorted((a, b) => b.record.created - a.record.created || (a.record.id < b.record.id ? 1 : -1))
    .slice(0, SHOWN_JOBS)
    .map((job) => job.record.id);
  return { ...jobs, byId: Object.fromEntries(order.flatMap((id) => (byId[id] ? [[id, byId[id]]] : []))), order };
}

/** A job that this page submitted: its nodes show what it does. */
export function withOurs(jobs: Jobs, record: JobRecord, ours: Ours): Jobs {
  const next = withRecords(jobs, [record]);
  return withProblems({ ...next, ours: { ...jobs.ours, [record.id]: ours } }, ours.document, []);
}

/** Show what an earlier job of this document made; what a later one did stays. */
export function withRestored(jobs: Jobs, record: JobRecord, ours: Ours): Jobs {
  const { document, signatures } = ours;
  const runs: Record<string, NodeRun> = { ...runsOf(jobs, document).nodes };
  const isLater = (run: NodeRun | undefined): boolean =>
    run !== undefined && (jobs.byId[run.job]?.record.created ?? 0) > record.created;
  if (record.state === "succeeded")
    for (const [node, signature] of Object.entries(signatures))
      if (!isLater(runs[node])) runs[node] = { job: record.id, state: "cached", outputs: [], signature };
  const outputs = Map.groupBy<string, JobOutput>(record.outputs, (output) => output.node);
  for (const [node, shown] of outputs) {
    if (isLater(runs[node])) continue;
    runs[node] = { job: record.id, state: "cached", outputs: shown, signature: signatures[node] };
  }
  return withRuns({ ...jobs, ours: { ...jobs.ours, [record.id]: ours } }, document, { nodes: runs });
}

/** A document is closed: its jobs go on, but nothing shows what its nodes do. */
export function forgetDocument(jobs: Jobs, document: string): Jobs {
  const { [document]: _, ...documents } = jobs.documents;
  const ours = Object.entries(jobs.ours).filter(([, job]) => job.document !== document);
  return { ...jobs, documents, ours: Object.fromEntries(ours) };
}

export function runsOf(jobs: Jobs, document: string): DocumentRuns {
  return jobs.documents[document] ?? NO_RUNS;
}

export function withProblems(jobs: Jobs, document: string, problems: readonly Problem[]): Jobs {
  return withRuns(jobs, document, { problems });
}

function withRuns(jobs: Jobs, document: string, runs: Partial<DocumentRuns>): Jobs {
  return { ...jobs, documents: { ...jobs.documents, [document]: { ...runsOf(jobs, document), ...runs } } };
}

export function withEvent(jobs: Jobs, id: string, event: JobEvent, now: number): Jobs {
  const job = jobs.byId[id];
  if (!job) return jobs;
  const next = jobAfter(job, event, now);
  const ours = jobs.ours[id];
  const known = { ...jobs, byId: { ...jobs.byId, [id]: next } };
  if (!ours) return known;
  const { nodes } = runsOf(jobs, ours.document);
  const after = runsAfter(nodes, id, event, ours.signatures, now);
  if (event.type === "finished") return withRuns(known, ours.document, { nodes: after, problems: event.problems });
  return after === nodes ? known : withRuns(known, ours.document, { nodes: after });
}

/** As people read a queue: what runs, what is next, then what has ended, the latest first. */
export function queueOrder({ order, byId }: Jobs): string[] {
  const rank = (id: string): number => {
    const state = byId[id]?.record.state ?? "succeeded";
    return isFinal(state) ? 2 : state === "queued" ? 1 : 0;
  };
  const turn = (id: string): number => {
    const { priority = 0, position = 0 } = byId[id]?.record ?? {};
    return rank(id) === 1 ? position - priority * 1e12 : 0;
  };
  return order.toSorted((a, b) => rank(a) - rank(b) || turn(a) - turn(b));
}

/** Whether the record must be fetched: an event came for a job that this page does not know. */
export function isUnknown(jobs: Jobs, id: string): boolean {
  return !(id in jobs.byId);
}

function asNew(record: JobRecord): Job {
  return { record, planned: null, ran: 0, cached: 0, running: null, progress: null };
}

function jobAfter(job: Job, event: JobEvent, now: number): Job {
  const { record } = job;
  switch (event.type) {
    case "queued":
      return { ...asNew(record), record: { ...record, state: "queued", worker: null } };
    case "started":
      return {
        ...asNew(record),
        record: {
          ...record,
          state: "running",
          worker: event.worker,
          attempt: event.attempt,
          nodes: event.nodes,
          started: now / 1000,
        },
      };
    case "nodes_planned":
      return { ...job, planned: event.run.length, cached: event.cached.length };
    case "node_started":
      return { ...job, running: event.node, progress: null };
    case "node_progress":
      return { ...job, running: event.node, progress: [event.value, event.total] };
    case "node_finished":
      return afterNode(job, event);
    case "finished":
      return {
        ...job,
        running: null,
        progress: null,
        record: {
          ...record,
          state: event.state,
          ended: now / 1000,
          summary: event.summary,
          problems: event.problems,
        },
      };
    case "preview":
      return job;
  }
}

function afterNode(job: Job, event: Extract<JobEvent, { type: "node_finished" }>): Job {
  const before = job.record.outputs.filter((output) => output.node !== event.node);
  const shown = event.outputs.map((output, index) => ({ ...output, node: event.node, index }));
  return {
    ...job,
    record: { ...job.record, outputs: [...before, ...shown] },
    ran: job.ran + (event.cached ? 0 : 1),
    running: job.running === event.node ? null : job.running,
    progress: job.running === event.node ? null : job.progress,
  };
}

type Runs = DocumentRuns["nodes"];

function runsAfter(
  runs: Runs,
  job: string,
  event: JobEvent,
  signatures: Signatures,
  now: number,
): Runs {
  switch (event.type) {
    case "nodes_planned": {
      const cached = event.cached.map((node) => {
        const outputs = runs[node]?.outputs ?? [];
        return [node, { job, state: "cached", outputs, signature: signatures[node] }] as const;
      });
      return { ...runs, ...Object.fromEntries(cached) };
    }
    case "node_started": {
      const { node, reason } = event;
      const outputs = runs[node]?.outputs ?? [];
      return { ...runs, [node]: { job, state: "running", started: now, reason, outputs } };
    }
    case "node_progress": {
      const run = runs[event.node] ?? { outputs: [], started: now };
      if (run.started !== undefined && "value" in run && run.value === event.value) return runs;
      const { value, total } = event;
      return { ...runs, [event.node]: { ...run, job, state: "running", value, total } };
    }
    case "node_finished": {
      const { node, cached, seconds, outputs } = event;
      const state = cached ? "cached" : "done";
      const reason = runs[node]?.reason ?? "";
      return { ...runs, [node]: { job, state, seconds, outputs, reason, signature: signatures[node] } };
    }
    case "finished":
      return afterEnd(runs, job, event.problems);
    default:
      return runs;
  }
}

/** What was still running has not ended well: it is in error where a problem says so. */
function afterEnd(runs: Runs, job: string, problems: readonly Problem[]): Runs {
  const next: Record<string, NodeRun> = { ...runs };
  for (const [node, { value: _, total: __, ...run }] of Object.entries(runs))
    if (run.job === job && run.state === "running") next[node] = { ...run, state: "stopped" };
  for (const problem of problems)
    if (problem.node && problem.severity !== "warning")
      next[problem.node] = { outputs: [], ...next[problem.node], job, state: "error" };
  return next;
}
