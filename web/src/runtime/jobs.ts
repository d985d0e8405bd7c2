/** Jobs and what their nodes do, as a pure reducer over the server's messages. */
import type { Document } from "../model/document/document";
import type { Signatures } from "../model/runs/signature";
import { nodeEvent, ownerOf, problemOfOwner, recordOfOwners, runsAfterInner, type Named, type NodeEvent } from "./expansions";
import { outputsByNode, runsAfter, runsAfterEnd, runsFromRecord, runsPutBack, type NodeRun, type NodeRuns } from "./nodeRuns";
import type { Event as JobEvent, JobRecord, JobState, NodeFailed, Output, Problem } from "./wire.gen";

export type { NodeRun, NodeRuns, NodeState } from "./nodeRuns";

export interface Job {
  readonly record: JobRecord;
  /** The nodes that are to run, once that is known. */
  readonly planned: readonly string[] | null;
  /** How many of them have run, and how many were there already. */
  readonly ran: number;
  readonly cached: number;
  readonly running: string | null;
  readonly progress: readonly [value: number, total: number] | null;
  /** Where nodes of expansions are shown, as far as their packs say. */
  readonly named?: Named;
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
  readonly nodes: NodeRuns;
  readonly problems: readonly Problem[];
  /** By node: what helps who wrote it. */
  readonly failures: Readonly<Record<string, NodeFailed>>;
}

/** A job that shows on a document's nodes, with their signatures when it was submitted. */
export interface Ours {
  readonly document: string;
  readonly signatures: Signatures;
  /** Seconds that nodes were expected to take. */
  readonly estimates?: Estimates;
  /** The document as it ran, so that its values can be had again. */
  readonly ran?: Document;
}

export type Estimates = Readonly<Record<string, number>>;

export const NO_JOBS: Jobs = { order: [], byId: {}, documents: {}, ours: {} };
const NO_RUNS: DocumentRuns = { nodes: {}, problems: [], failures: {} };
/** So many that have ended are kept; those that have not are all kept. */
export const SHOWN_JOBS = 200;

const FINAL: ReadonlySet<JobState> = new Set(["succeeded", "failed", "cancelled", "quarantined"]);

export function isFinal(state: JobState): boolean {
  return FINAL.has(state);
}

/**
 * Records as fetched. A job that has ended here stays ended: the answer may be older than events.
 * One that has ended or was put back meanwhile takes its nodes along.
 */
export function withRecords(jobs: Jobs, records: readonly JobRecord[]): Jobs {
  const byId: Record<string, Job> = { ...jobs.byId };
  let next = jobs;
  for (const record of records) {
    const known = byId[record.id];
    if (known && isOlder(record, known.record)) continue;
    const job = jobFrom(known, record);
    byId[record.id] = job;
    if (known) next = withMissed(next, known, job);
  }
  return { ...next, ...kept(byId) };
}

/** Whether events have told more of a job than an answer that was on its way meanwhile. */
function isOlder(answer: JobRecord, known: JobRecord): boolean {
  if (isFinal(known.state)) return !isFinal(answer.state);
  if (answer.attempt < known.attempt) return !isFinal(answer.state);
  return answer.attempt === known.attempt && known.state === "running" && answer.state === "leased";
}

/** Newest first; of those that have ended, only the latest. */
function kept(byId: Readonly<Record<string, Job>>): Pick<Jobs, "order" | "byId"> {
  const sorted = Object.values(byId).toSorted(
    ({ record: a }, { record: b }) => b.created - a.created || (a.id < b.id ? 1 : -1),
  );
  const left = sorted.filter(({ record }, index) => index < SHOWN_JOBS || !isFinal(record.state));
  return {
    order: left.map(({ record }) => record.id),
    byId: Object.fromEntries(left.map((job) => [job.record.id, job])),
  };
}

function jobFrom(known: Job | undefined, record: JobRecord): Job {
  if (!known) return asNew(record);
  if (isFinal(record.state)) return { ...known, record, running: null, progress: null };
  const goesOn = known.record.attempt === record.attempt && record.state === known.record.state;
  return goesOn ? { ...known, record } : asNew(record);
}

/** What a record tells that events would have told. */
function withMissed(jobs: Jobs, before: Job, { record }: Job): Jobs {
  const ours = jobs.ours[record.id];
  if (!ours || isFinal(before.record.state)) return jobs;
  const { nodes } = runsOf(jobs, ours.document);
  if (isFinal(record.state)) {
    const told = recordOfOwners(record, ours.signatures, before.named);
    const after = runsFromRecord(nodes, told, ours.signatures);
    return withRuns(jobs, ours.document, { nodes: after, problems: told.problems });
  }
  if (record.state !== "queued") return jobs;
  const after = runsPutBack(nodes, record.id);
  return after === nodes ? jobs : withRuns(jobs, ours.document, { nodes: after });
}

/** A job that this page submitted: its nodes show what it does. */
export function withOurs(jobs: Jobs, record: JobRecord, ours: Ours): Jobs {
  const next = withRecords(jobs, [record]);
  return withProblems({ ...next, ours: { ...next.ours, [record.id]: ours } }, ours.document, []);
}

/**
 * Show what an earlier job of this document made; what a later one did stays. What went wrong is
 * shown of the latest, with what the server keeps of the nodes that `failed`.
 */
export function withRestored(jobs: Jobs, record: JobRecord, ours: Ours, failed: readonly NodeFailed[] = []): Jobs {
  const { document, signatures } = ours;
  const told = recordOfOwners(record, signatures);
  const runs: Record<string, NodeRun> = { ...runsOf(jobs, document).nodes };
  const isLater = (run: NodeRun | undefined): boolean =>
    run !== undefined && (jobs.byId[run.job]?.record.created ?? 0) > record.created;
  if (record.state === "succeeded")
    for (const [node, signature] of Object.entries(signatures))
      if (!isLater(runs[node])) runs[node] = { job: record.id, state: "cached", took: told.summary.per_node[node], outputs: [], signature };
  for (const [node, shown] of outputsByNode(told)) {
    if (isLater(runs[node])) continue;
    runs[node] = { job: record.id, state: "cached", took: told.summary.per_node[node], outputs: shown, signature: signatures[node] };
  }
  const known = { ...jobs, ours: { ...jobs.ours, [record.id]: ours } };
  if (isFollowed(jobs, record, document)) return withRuns(known, document, { nodes: runs });
  const failures = Object.fromEntries(failed.map((event) => [ownerOf(event.node, signatures), event]));
  return withRuns(known, document, { nodes: runsAfterEnd(runs, record.id, told.problems), problems: told.problems, failures });
}

/** Whether events tell of the job already, or of a later one of its document. */
function isFollowed({ ours, byId }: Jobs, { id, created }: JobRecord, document: string): boolean {
  const isLater = (other: string): boolean => (byId[other]?.record.created ?? 0) > created;
  return id in ours || Object.entries(ours).some(([other, job]) => job.document === document && isLater(other));
}

/** A document is closed: its jobs go on, but nothing shows what its nodes do. */
export function forgetDocument(jobs: Jobs, document: string): Jobs {
  const { [document]: _, ...documents } = jobs.documents;
  const ours = Object.entries(jobs.ours).filter(([, job]) => job.document !== document);
  return { ...jobs, documents, ours: Object.fromEntries(ours) };
}

/** Pictures were deleted: neither nodes nor jobs show them any more. */
export function withoutPictures(jobs: Jobs, gone: ReadonlySet<string>): Jobs {
  const isLeft = ({ asset }: Output): boolean => asset === null || !gone.has(asset);
  const runsLeft = ({ nodes, ...others }: DocumentRuns): DocumentRuns => ({
    ...others,
    nodes: mapped(nodes, (run) => (run.outputs.every(isLeft) ? run : { ...run, outputs: run.outputs.filter(isLeft) })),
  });
  const jobLeft = (job: Job): Job =>
    job.record.outputs.every(isLeft) ? job : { ...job, record: { ...job.record, outputs: job.record.outputs.filter(isLeft) } };
  return { ...jobs, documents: mapped(jobs.documents, runsLeft), byId: mapped(jobs.byId, jobLeft) };
}

function mapped<T>(items: Readonly<Record<string, T>>, change: (item: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(items).map(([key, item]) => [key, change(item)]));
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

/** The same jobs if the event tells nothing new. */
export function withEvent(jobs: Jobs, id: string, event: JobEvent, now: number): Jobs {
  const job = jobs.byId[id];
  if (!job) return jobs;
  const ours = jobs.ours[id];
  if (event.type === "finished" && event.forgotten && !ours) return { ...jobs, ...kept(without(jobs.byId, id)) };
  const about = ours && nodeEvent(event);
  if (about) {
    const named = about.type === "node_started" && about.shown ? { ...job.named, [about.node]: about.shown } : job.named;
    const owner = ownerOf(about.node, ours.signatures, named);
    if (owner !== about.node) return withInner(jobs, { ...job, ...(named && { named }) }, ours, about, owner, now);
  }
  const next = jobAfter(job, event, now);
  const known = next === job ? jobs : { ...jobs, byId: { ...jobs.byId, [id]: next } };
  if (!ours) return known;
  const { nodes } = runsOf(jobs, ours.document);
  if (event.type === "finished") {
    const problems = event.problems.map((problem) => problemOfOwner(problem, ours.signatures, job.named));
    return withRuns(known, ours.document, { nodes: runsAfterEnd(nodes, id, problems), problems });
  }
  const after = event.type === "queued" ? runsPutBack(nodes, id) : runsAfter(nodes, id, event, ours.signatures, now);
  if (event.type === "node_failed") return withRuns(known, ours.document, { nodes: after, ...withFailure(runsOf(jobs, ours.document), event) });
  if (event.type === "started") return withRuns(known, ours.document, { nodes: after, ...withoutFailures(runsOf(jobs, ours.document)) });
  return after === nodes ? known : withRuns(known, ours.document, { nodes: after });
}

/** Something happened to a node of an expansion: it is told of the node on which that is shown. */
function withInner(jobs: Jobs, job: Job, { document, signatures }: Ours, event: NodeEvent, owner: string, now: number): Jobs {
  const runs = runsOf(jobs, document);
  const nodes = runsAfterInner(runs.nodes, job.record.id, event, owner, signatures, now);
  const known = { ...jobs, byId: { ...jobs.byId, [job.record.id]: jobAfterInner(job, event, owner) } };
  if (event.type !== "node_failed") return withRuns(known, document, { nodes });
  const failed = { ...event, node: owner, problem: problemOfOwner(event.problem, signatures, job.named) };
  return withRuns(known, document, { nodes, ...withFailure(runs, failed) });
}

/** What went wrong is known at once, while the rest runs on. */
function withFailure({ problems, failures }: DocumentRuns, failed: NodeFailed): Pick<DocumentRuns, "problems" | "failures"> {
  const others = problems.filter(({ node, severity }) => node !== failed.node || severity === "warning");
  return { problems: [...others, failed.problem], failures: { ...failures, [failed.node]: failed } };
}

/** A new attempt: what went wrong in the one before says nothing of it. */
function withoutFailures({ problems, failures }: DocumentRuns): Pick<DocumentRuns, "problems" | "failures"> {
  const warnings = problems.filter(({ severity }) => severity === "warning");
  return { problems: warnings.length === problems.length ? problems : warnings, failures: Object.keys(failures).length ? {} : failures };
}

function without(byId: Jobs["byId"], id: string): Jobs["byId"] {
  return Object.fromEntries(Object.entries(byId).filter(([other]) => other !== id));
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
    case "started": {
      const { worker, attempt, nodes } = event;
      return asNew({ ...record, state: "running", worker, attempt, nodes, started: now / 1000 });
    }
    case "nodes_planned":
      return { ...job, planned: event.run, cached: event.cached.length };
    case "node_started":
      return { ...job, running: event.node, progress: null };
    case "node_progress":
      return afterProgress(job, event.node, event.value, event.total);
    case "node_finished":
      return afterNode(job, event);
    case "finished": {
      const { state, summary, problems } = event;
      return { ...job, running: null, progress: null, record: { ...record, state, summary, problems, ended: now / 1000 } };
    }
    case "node_failed":
      return job.running === event.node ? { ...job, running: null, progress: null } : job;
    case "node_said":
    case "node_sent":
    case "preview":
      return job;
  }
}

/** The nodes that were planned are counted, not those they expand into. */
function jobAfterInner(job: Job, event: NodeEvent, owner: string): Job {
  if (event.type === "node_progress") return afterProgress(job, owner, event.value, event.total);
  if (event.type === "node_finished") return { ...afterNode(job, event), ran: job.ran, progress: null };
  return event.type === "node_said" ? job : { ...job, running: owner, progress: null };
}

function afterProgress(job: Job, node: string, value: number, total: number): Job {
  if (job.running === node && job.progress?.[0] === value && job.progress[1] === total) return job;
  return { ...job, running: node, progress: [value, total] };
}

function afterNode(job: Job, event: Extract<JobEvent, { type: "node_finished" }>): Job {
  const before = job.record.outputs.filter((output) => output.node !== event.node);
  const shown = event.outputs.map((output, index) => ({ ...output, node: event.node, index }));
  const outputs = before.length + shown.length ? [...before, ...shown] : job.record.outputs;
  return {
    ...job,
    record: outputs === job.record.outputs ? job.record : { ...job.record, outputs },
    ran: job.ran + (event.cached ? 0 : 1),
    running: job.running === event.node ? null : job.running,
    progress: job.running === event.node ? null : job.progress,
  };
}
