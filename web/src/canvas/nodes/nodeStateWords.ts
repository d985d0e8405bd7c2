import { t } from "../../i18n/text";
import type { NodeRun } from "../../runtime/nodeRuns";
import type { NodePlan } from "../../state/usePlanned";
import { seconds } from "../../ui/format";

/** How a node's state is said: words first, colour second. */
export interface NodeStateWords {
  readonly kind: "idle" | "running" | "error" | "done";
  readonly words: string;
  readonly look: string;
  readonly reason: string;
}

/** What the next run would do with it. */
export function plannedState({ state, seconds: needed }: NodePlan): NodeStateWords {
  const idle = { kind: "idle", look: "" } as const;
  if (state === "cached") return { ...idle, words: t("node.cached"), reason: "" };
  const reason = needed === null ? t("node.willRun") : `${t("node.willRun")} ${t("run.about", { seconds: seconds(needed) })}.`;
  return { ...idle, words: t("node.stale"), reason };
}

/** What nodes say of runs that ended well, if they say one thing together. */
export function endedState(runs: readonly NodeRun[], planned: NodePlan | null, reason: string): NodeStateWords {
  const runsAgain = planned?.state === "run";
  const took = runs.flatMap((run) => (run.state === "done" ? [run.seconds ?? 0] : runsAgain && run.took !== undefined ? [run.took] : []));
  if (runsAgain && (!planned.anew || took.length === 0)) return plannedState(planned); // its result is not kept any more
  const words = took.length === 0 ? t("node.cached") : seconds(took.reduce((sum, each) => sum + each));
  return { kind: "done", words, look: "", reason };
}
