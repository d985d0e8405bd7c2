/**
 * Nodes that a node expanded into while it ran, `4.1` and deeper, are on no canvas: what they do is
 * shown on the node that expanded, or on the one that its pack names.
 */
import type { Signatures } from "../model/runs/signature";
import type { NodeRun, NodeRuns } from "./nodeRuns";
import type { Event as JobEvent, JobRecord, Problem } from "./wire.gen";

/** By the names of nodes in expansions: under which other nodes their pack wants them shown. */
export type Named = Readonly<Record<string, string>>;

export type NodeEvent = Exclude<Extract<JobEvent, { readonly node: string }>, { readonly type: "preview" | "node_sent" }>;

/** The node of a document, by its nodes, on which a node of a run is shown; itself if that is none of an expansion. */
export function ownerOf(node: string, nodes: Readonly<Record<string, unknown>>, named: Named = {}): string {
  let at = named[node] ?? node;
  while (!Object.hasOwn(nodes, at) && at.includes(".")) at = at.slice(0, at.lastIndexOf("."));
  return Object.hasOwn(nodes, at) ? at : node;
}

/** The event, if it is about a node. */
export function nodeEvent(event: JobEvent): NodeEvent | null {
  return "node" in event && event.type !== "preview" && event.type !== "node_sent" ? event : null;
}

/** What a node shows after something happened to one that is shown on it. */
export function runsAfterInner(runs: NodeRuns, job: string, event: NodeEvent, owner: string, signatures: Signatures, now: number): NodeRuns {
  const run = runs[owner];
  const ours = run?.job === job ? run : undefined;
  const { value: _, total: __, said: ___, ...base }: NodeRun = ours ?? { job, state: "running", started: now, outputs: run?.outputs ?? [] };
  // The node that expanded ends after them; another one ends with them.
  const ends = !event.node.startsWith(`${owner}.`);
  switch (event.type) {
    case "node_started":
      return { ...runs, [owner]: { ...base, state: "running" } };
    case "node_progress":
      return { ...runs, [owner]: { ...base, state: "running", value: event.value, total: event.total } };
    case "node_said":
      return { ...runs, [owner]: { ...base, state: "running", said: event.text } };
    case "node_finished": {
      const inner = [...(ours?.inner ?? []), ...event.outputs];
      const outputs = inner.length ? inner : base.outputs;
      const end = ends ? ({ state: "done", seconds: (ours?.seconds ?? 0) + event.seconds, signature: signatures[owner] } as const) : { state: "running" as const };
      return { ...runs, [owner]: { ...base, outputs, inner, ...end } };
    }
    case "node_failed":
      return { ...runs, [owner]: { ...base, state: "error" } };
  }
}

/** A problem of an expansion where people find it; its field is on no canvas. */
export function problemOfOwner(problem: Problem, signatures: Signatures, named: Named = {}): Problem {
  if (problem.node === null) return problem;
  const node = ownerOf(problem.node, signatures, named);
  return node === problem.node ? problem : { ...problem, node, port: null };
}

/** A record as the nodes of its document tell it: what expansions made is theirs. */
export function recordOfOwners(record: JobRecord, signatures: Signatures, named: Named = {}): JobRecord {
  const own = (node: string): string => ownerOf(node, signatures, named);
  const seconds = Object.entries(record.summary.per_node).filter(([node]) => own(node) === node);
  return {
    ...record,
    outputs: record.outputs.map((output) => ({ ...output, node: own(output.node) })),
    problems: record.problems.map((problem) => problemOfOwner(problem, signatures, named)),
    summary: { ...record.summary, per_node: Object.fromEntries(seconds) },
  };
}
