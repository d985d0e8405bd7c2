/** What a document did before this page was open, as the server keeps it. */
import type { Document } from "../model/document/document";
import { isRecord, NotAWorkflow, parseDocument } from "../model/format/format";
import { signatures as signaturesOf, type Signatures } from "../model/runs/signature";
import { flatten } from "../model/subgraphs/flatten";
import { upstream } from "../model/wires/connect";
import { api, ApiError } from "../runtime/api";
import type { JobRecord, NodeFailed, Problem } from "../runtime/wire.gen";

const RESTORED_JOBS = 3;

export interface EarlierJob {
  readonly record: JobRecord;
  readonly signatures: Signatures;
  readonly ran: Document;
  /** What is known of nodes that failed, if it is the latest job. */
  readonly failed: readonly NodeFailed[];
}

/** The latest jobs that ran this document, newest first. Jobs keep the workflow they ran. */
export async function earlierJobs(document: Document): Promise<EarlierJob[]> {
  try {
    const { jobs: found } = await api.jobs({ document: document.id, limit: RESTORED_JOBS });
    const [bodies, failed] = await Promise.all([
      Promise.all(found.map((record) => api.jobBody(record.id))),
      failuresOf(found[0]),
    ]);
    return found.flatMap((record, index) => {
      const { workflow, targets = [] } = bodies[index] ?? {};
      if (!isRecord(workflow)) return [];
      const ran = parseDocument(workflow);
      return [{ record, signatures: signaturesIn(ran, targets), ran, failed: index === 0 ? failed : [] }];
    });
  } catch (error) {
    if (error instanceof ApiError || error instanceof NotAWorkflow) return [];
    throw error;
  }
}

/** What is known of nodes beyond their problems: of the latest job it is worth asking for. */
async function failuresOf(latest: JobRecord | undefined): Promise<readonly NodeFailed[]> {
  if (latest?.state !== "failed") return [];
  try {
    return await api.jobFailures(latest.id);
  } catch (error) {
    if (error instanceof ApiError) return []; // it was forgotten meanwhile
    throw error;
  }
}

/** A job's record without the problems of nodes that were changed since. */
export function stillTrue(record: JobRecord, then: Signatures, now: Signatures): JobRecord {
  const isTrue = ({ node }: Problem): boolean => node === null || then[node] === now[node];
  return record.problems.every(isTrue) ? record : { ...record, problems: record.problems.filter(isTrue) };
}

/** The signatures of what a job computed: its targets and what is above them. */
function signaturesIn(document: Document, targets: readonly string[]): Signatures {
  const all = signaturesOf(document);
  return Object.fromEntries([...upstream(flatten(document), targets)].map((id) => [id, all[id] ?? ""]));
}
