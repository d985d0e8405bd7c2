/** A job's record for tests: one that waits, unless said otherwise. */
import type { JobRecord } from "../runtime/wire.gen";

export function jobRecord(more: Partial<JobRecord> = {}): JobRecord {
  const summary = { executed: 0, cached: 0, skipped: 0, seconds: 0, per_node: {} };
  return {
    id: "j", state: "queued", priority: 0, position: 1, created: 1, title: "Postcard", owner: "", nodes: 3, attempt: 0,
    worker: null, started: null, ended: null, retry_of: null, document: null, group: null, summary, problems: [], outputs: [], ...more,
  };
}
