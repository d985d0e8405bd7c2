import { useDocument, useGraph, useNodeRun, useProblems, useRunId, useWorkspace } from "../../state/context";
import { usePlanned } from "../../state/usePlanned";
import { endedState, plannedState, type NodeStateWords } from "./nodeStateWords";
import { t } from "../../i18n/text";
import { useInstanceState } from "./useInstanceRun";

/** A node's state: words first, colour second. */
export function useNodeState(id: string, known: boolean): NodeStateWords {
  const workspace = useWorkspace();
  const inRuns = useRunId(id);
  const mode = useGraph((graph) => graph.nodes[id]?.mode);
  const run = useNodeRun(id, (last) => last);
  const isPresent = useDocument((document) => run !== undefined && run.signature === workspace.signaturesOf(document)[inRuns]);
  const faults = useProblems(({ byNode }) => byNode[inRuns]?.filter(({ severity }) => severity !== "warning").length ?? 0);
  const isLoud = useProblems(({ loud }) => loud.has(inRuns));
  const inside = useInstanceState(id);
  const planned = usePlanned(inRuns);
  const reason = run?.reason ?? "";
  const idle = { kind: "idle", look: "", reason: "" } as const;
  if (faults && isLoud) return { kind: "error", words: t("node.error"), look: "stateError", reason };
  if (!known) return { ...idle, words: t("node.unknown") };
  if (mode) return { ...idle, words: t(`node.${mode}`) };
  if (run?.state === "running") {
    const steps = run.total ? `${run.value ?? 0} / ${run.total}` : t("node.running");
    return { kind: "running", words: run.said || steps, look: "stateRunning", reason: run.said || reason };
  }
  if (inside?.kind === "running") return inside;
  // Not finished yet: no reason for alarm.
  if (faults) return { ...idle, words: t("node.problems", { count: faults }), look: "stateError" };
  if (inside) return inside;
  const plan = planned ? plannedState(planned) : { ...idle, words: "" };
  if (!run) return plan;
  if (run.state === "error") return { ...idle, words: "" }; // its problem was dismissed by a new run
  if (run.state === "stopped") return { ...idle, words: t("node.stopped") };
  if (!isPresent) return planned ? plan : { ...idle, words: t("node.stale") };
  return endedState([run], planned, reason);
}
