import { expected, type Expected } from "../runtime/eta";
import { runsOf, type Job } from "../runtime/jobs";
import { useClock } from "../ui/useClock";
import { useRuntime } from "./context";

const NOTHING = {};

/** How far a job is and how long it will still take; followed while it runs. */
export function useExpected(job: Job | undefined): Expected {
  const live = useRuntime(({ phase }) => phase === "live");
  const now = useClock(live && job?.record.state === "running");
  const id = job?.record.id ?? "";
  const document = useRuntime(({ jobs }) => jobs.ours[id]?.document ?? "");
  const estimates = useRuntime(({ jobs }) => jobs.ours[id]?.estimates ?? NOTHING);
  const runs = useRuntime(({ jobs }) => runsOf(jobs, document).nodes);
  return job ? expected(job, runs, estimates, now) : { part: 0, left: null };
}
