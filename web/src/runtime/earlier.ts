/** What a node showed the time before. */
import { isPicture } from "./nodeRuns";
import type { JobOutput, JobRecord } from "./wire.gen";

/**
 * The picture that the same node of the same document made in the run before the one that made
 * this; one that differs, and at the same place of a batch if there is one. `null` if there is none.
 */
export function outputBefore(records: readonly JobRecord[], asset: string): JobOutput | null {
  const newest = records.toSorted((a, b) => b.created - a.created);
  // The same picture may have been shown again from the cache: the first time counts.
  const made = newest.findLastIndex(({ outputs }) => outputs.some((output) => output.asset === asset));
  const job = newest[made];
  const shown = job?.outputs.find((output) => output.asset === asset);
  if (!job || !shown) return null;
  for (const earlier of newest.slice(made + 1)) {
    if (earlier.document !== job.document) continue;
    const there = earlier.outputs.filter((output) => output.node === shown.node && isPicture(output));
    const found = there.find(({ index }) => index === shown.index) ?? there[0];
    if (found) return found;
  }
  return null;
}
