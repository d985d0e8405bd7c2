/** Problems in the words that suit the place where they are shown. */
import type { Problem } from "../../runtime/wire.gen";

type Said = Pick<Problem, "code" | "message">;

/** The server says these with the worker's last lines behind them. */
const WITH_LOG: ReadonlySet<string> = new Set(["worker_crashed", "worker_exited", "worker_hung", "worker_killed"]);

/** What a problem says to everybody: without the log of the worker that died. */
export function wordsOf({ code, message }: Said): string {
  return WITH_LOG.has(code) ? (message.split("\n", 1)[0] ?? "") : message;
}

/** The log that a problem quotes, for who wants to know more; empty for most. */
export function logOf(problem: Said): string {
  return problem.message.slice(wordsOf(problem).length).trim();
}

/** Beside its node a problem need not say which node it means: `KSampler (node 8): ` goes. */
export function wordsBeside(problem: Said): string {
  const words = wordsOf(problem).replace(/^[^:]{1,80} \(node [^)]{1,80}\): */, "");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
