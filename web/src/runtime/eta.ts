/** How far a job is and how long it will still take. */
import type { Estimates, Job, NodeRuns } from "./jobs";

export interface Expected {
  /** 0 to 1. */
  readonly part: number;
  /** Seconds; `null` while nothing is known to go by. */
  readonly left: number | null;
}

interface Share {
  /** Seconds from beginning to end; `null` if unknown. */
  readonly whole: number | null;
  readonly spent: number;
  readonly done: boolean;
}

const UNKNOWN: Expected = { part: 0, left: null };

/**
 * From what nodes took and their steps take, and from estimates for the rest. What nothing is
 * known of adds nothing; if that is all that runs now, neither is the time left. `now` in
 * milliseconds since 1970.
 */
export function expected(job: Job, runs: NodeRuns, estimates: Estimates, now: number): Expected {
  const { planned, ran, record } = job;
  if (planned === null) return UNKNOWN;
  if (planned.length === 0) return { part: 1, left: 0 };
  const shares = planned.map((node) => shareOf(runs[node]?.job === record.id ? runs[node] : undefined, estimates[node], now));
  const ahead = shares.filter(({ done }) => !done);
  const known = ahead.some(({ whole, spent }) => whole !== null && spent > 0) || ahead.every(({ whole }) => whole !== null);
  if (!known) return { part: Math.min(1, ran / planned.length), left: null };
  let all = 0;
  let left = 0;
  for (const { whole, spent, done } of shares) {
    const seconds = Math.max(whole ?? 0, spent);
    all += seconds;
    left += done ? 0 : seconds - spent;
  }
  return { part: all > 0 ? Math.max(0, Math.min(1, 1 - left / all)) : 0, left };
}

function shareOf(run: NodeRuns[string] | undefined, estimate: number | undefined, now: number): Share {
  if (run && run.state !== "running") return { whole: run.seconds ?? 0, spent: run.seconds ?? 0, done: true };
  const spent = run?.started === undefined ? 0 : Math.max(0, (now - run.started) / 1000);
  const { value = 0, total = 0 } = run ?? {};
  if (value > 0 && total > 0) return { whole: (spent / value) * total, spent, done: false };
  return { whole: estimate ?? null, spent, done: false };
}
