/** What the nodes of one document did last: how events and fetched records change that. */
import type { Signatures } from "../model/runs/signature";
import type { Event as JobEvent, JobOutput, JobRecord, Output, Problem } from "./wire.gen";

export type NodeState = "running" | "done" | "cached" | "error" | "stopped";

/** A node's part in a job. */
export interface NodeRun {
  readonly job: string;
  readonly state: NodeState;
  readonly value?: number;
  readonly total?: number;
  /** What it says that it does now. */
  readonly said?: string;
  readonly started?: number;
  readonly seconds?: number;
  /** Of a job of an earlier visit, whose results are in the cache: what it took then. */
  readonly took?: number | undefined;
  /** Why it was not in the cache. */
  readonly reason?: string;
  readonly outputs: readonly Output[];
  /** Those of them that nodes made which it expanded into. */
  readonly inner?: readonly Output[];
  /** The node as it was when this ran: differs from the present one when it is stale. */
  readonly signature?: string | undefined;
}

/** By the names that nodes have in runs. */
export type NodeRuns = Readonly<Record<string, NodeRun>>;

/** Whether it is a picture that the node shows; what it made as data is shown by nobody. */
export function isPicture({ kind, asset, mime }: Output): boolean {
  return kind !== "data" && Boolean(asset) && mime.startsWith("image/");
}

/** Whether it is a text that the node shows. */
export function isText({ kind, text }: Output): boolean {
  return kind === "text" && text !== null;
}

export function runsAfter(runs: NodeRuns, job: string, event: JobEvent, signatures: Signatures, now: number): NodeRuns {
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
      const { node, value, total } = event;
      const run = runs[node];
      if (run?.job === job && run.state === "running" && run.value === value && run.total === total) return runs;
      return { ...runs, [node]: { outputs: [], started: now, ...run, job, state: "running", value, total } };
    }
    case "node_said": {
      const { node, text: said } = event;
      const run = runs[node];
      if (run?.job === job && (run.state !== "running" || run.said === said)) return runs;
      return { ...runs, [node]: { outputs: [], started: now, ...run, job, state: "running", said } };
    }
    case "node_finished": {
      const { node, cached, seconds, outputs } = event;
      const state = cached ? "cached" : "done";
      const before = runs[node];
      const made = [...outputs, ...((before?.job === job && before.inner) || [])];
      // What it expanded into is not told of again when it comes from the cache.
      const shown = cached && made.length === 0 ? (before?.outputs ?? []) : made;
      return { ...runs, [node]: { job, state, seconds, outputs: shown, reason: before?.reason ?? "", signature: signatures[node] } };
    }
    case "node_failed": {
      const { value: _, total: __, said: ___, ...run } = runs[event.node] ?? {};
      return { ...runs, [event.node]: { outputs: [], ...run, job, state: "error" } };
    }
    default:
      return runs;
  }
}

/** What was still running has not ended well: it is in error where a problem says so. */
export function runsAfterEnd(runs: NodeRuns, job: string, problems: readonly Problem[]): NodeRuns {
  const next: Record<string, NodeRun> = { ...runs };
  for (const [node, { value: _, total: __, said: ___, ...run }] of Object.entries(runs))
    if (run.job === job && run.state === "running") next[node] = { ...run, state: "stopped" };
  for (const problem of problems)
    if (problem.node && problem.severity !== "warning")
      next[problem.node] = { outputs: [], ...next[problem.node], job, state: "error" };
  return next;
}

/** A job ended while nobody listened: what its record tells of the nodes. */
export function runsFromRecord(runs: NodeRuns, record: JobRecord, signatures: Signatures): NodeRuns {
  const next: Record<string, NodeRun> = { ...runs };
  for (const [node, seconds] of Object.entries(record.summary.per_node))
    next[node] = { job: record.id, state: "done", seconds, outputs: next[node]?.outputs ?? [], signature: signatures[node] };
  for (const [node, outputs] of outputsByNode(record)) {
    const before = next[node];
    const run = before?.job === record.id ? before : { job: record.id, state: "cached" as const };
    next[node] = { ...run, outputs, signature: signatures[node] };
  }
  return runsAfterEnd(next, record.id, record.problems);
}

/** A job is back in line: nothing of it runs any more. */
export function runsPutBack(runs: NodeRuns, job: string): NodeRuns {
  if (!Object.values(runs).some((run) => run.job === job && run.state === "running")) return runs;
  return runsAfterEnd(runs, job, []);
}

export function outputsByNode(record: JobRecord): Map<string, JobOutput[]> {
  return Map.groupBy(record.outputs, (output) => output.node);
}
