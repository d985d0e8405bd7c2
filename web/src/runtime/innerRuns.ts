/** What several nodes of a document did as if they were one, such as those inside an instance of a subgraph. */
import type { NodeRun, NodeRuns } from "./nodeRuns";
import type { Output } from "./wire.gen";

/** The one of them that runs now. */
export function runningOf(runs: NodeRuns, names: readonly string[]): string | undefined {
  return names.find((name) => runs[name]?.state === "running");
}

/** All that they show; a picture that two of them show is there once. What is only data is not shown. */
export function outputsOf(runs: NodeRuns, names: readonly string[]): Output[] {
  const all = names.flatMap((name) => runs[name]?.outputs ?? []).filter(({ kind }) => kind !== "data");
  const first = new Map(all.map((output) => [output.asset, output]).toReversed() as [string | null, Output][]);
  return all.filter((output) => output.asset === null || first.get(output.asset) === output);
}

/** How far the job is that runs in them: a part of 1. */
export function partOf(runs: NodeRuns, names: readonly string[]): number {
  const job = runs[runningOf(runs, names) ?? ""]?.job;
  if (job === undefined) return 0;
  return names.reduce((sum, name) => sum + shareOf(runs[name], job), 0) / names.length;
}

/** The latest step preview of what runs in them; of what ran, the last one's. */
export function previewOf(previews: Readonly<Record<string, string>> | undefined, runs: NodeRuns, names: readonly string[]): string | undefined {
  if (!previews) return undefined;
  const running = runningOf(runs, names);
  const shown = running !== undefined && running in previews ? running : names.findLast((name) => name in previews);
  return shown === undefined ? undefined : previews[shown];
}

export function isDone(run: NodeRun | undefined): boolean {
  return run?.state === "done" || run?.state === "cached";
}

function shareOf(run: NodeRun | undefined, job: string): number {
  if (run?.job !== job) return 0;
  if (run.state === "running") return run.total ? (run.value ?? 0) / run.total : 0;
  return isDone(run) ? 1 : 0;
}
