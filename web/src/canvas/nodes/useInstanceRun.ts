import { useMemo } from "react";
import { useShallow } from "zustand/react/shallow";
import type { Catalog } from "../../model/catalog/catalog";
import type { Document } from "../../model/document/document";
import { nodeAt } from "../../model/subgraphs/flatten";
import type { NodeRun } from "../../runtime/jobs";
import { useDocument, useNodeTypes, useProblems, useRunId, useRuns, useWorkspace } from "../../state/context";
import { seconds } from "../../ui/format";
import { t } from "../../i18n/text";
import { usePlannedTogether, type NodePlan } from "../../state/usePlanned";
import { plannedState, type NodeStateWords } from "./nodeStateWords";

const NOTHING: readonly string[] = [];

/** The nodes inside an instance by what they are called in runs; none for other nodes. */
export function useInnerNodes(id: string): readonly string[] {
  const workspace = useWorkspace();
  const inRuns = useRunId(id);
  return useDocument((document) => workspace.flatOf(document).instances.get(inRuns) ?? NOTHING);
}

/** How all that is inside an instance stands, in words; `null` for other nodes. */
export function useInstanceState(id: string): NodeStateWords | null {
  const workspace = useWorkspace();
  const inner = useInnerNodes(id);
  const types = useNodeTypes();
  const runs = useRuns(useShallow(({ nodes }) => inner.map((name) => nodes[name])));
  const signatures = useDocument(useShallow((document) => inner.map((name) => workspace.signaturesOf(document)[name])));
  const failed = useProblems(({ byNode }) => inner.some((name) => byNode[name]?.some(({ severity }) => severity !== "warning")));
  const planned = usePlannedTogether(inner);
  const active = runs.findIndex((run) => run?.state === "running");
  const title = useDocument((document) => (active < 0 ? "" : titleOf(document, types, inner[active] ?? "")));
  return useMemo(() => {
    if (inner.length === 0) return null;
    if (failed) return { kind: "error", words: t("node.error"), look: "stateError", reason: "" };
    const running = runs[active];
    if (running) {
      const done = runs.filter((run) => run?.job === running.job && isDone(run)).length;
      const words = t("subgraph.running", { title, done: Math.min(done + 1, inner.length), total: inner.length });
      return { kind: "running", words, look: "stateRunning", reason: words };
    }
    return settled(runs, signatures, planned);
  }, [inner, runs, signatures, failed, planned, active, title]);
}

/** How far an instance is that runs: a part of 1. */
export function useInstanceProgress(id: string): number {
  const inner = useInnerNodes(id);
  return useRuns(({ nodes }) => {
    const job = inner.map((name) => nodes[name]).find((run) => run?.state === "running")?.job;
    if (job === undefined) return 0;
    const parts = inner.map((name) => partOf(nodes[name], job));
    return parts.reduce((sum, part) => sum + part, 0) / inner.length;
  });
}

function partOf(run: NodeRun | undefined, job: string): number {
  if (run?.job !== job) return 0;
  if (run.state === "running") return run.total ? (run.value ?? 0) / run.total : 0;
  return isDone(run) ? 1 : 0;
}

function settled(runs: readonly (NodeRun | undefined)[], signatures: readonly (string | undefined)[], planned: NodePlan | null): NodeStateWords {
  const idle = { kind: "idle", look: "", reason: "" } as const;
  const plan = planned ? plannedState(planned) : { ...idle, words: "" };
  const known = runs.filter((run) => run !== undefined);
  if (known.length === 0) return plan;
  if (known.some(({ state }) => state === "stopped")) return { ...idle, words: t("node.stopped") };
  if (runs.some((run, index) => run && run.state !== "error" && run.signature !== signatures[index])) return planned ? plan : { ...idle, words: t("node.stale") };
  if (!known.every(isDone)) return { ...idle, words: "" };
  if (planned?.state === "run" && !planned.drawn) return plan; // results inside are not kept any more
  const took = known.reduce((sum, run) => sum + (run.state === "done" ? (run.seconds ?? 0) : 0), 0);
  const all = known.every(({ state }) => state === "cached") ? t("node.cached") : seconds(took);
  return { kind: "done", words: all, look: "", reason: "" };
}

function isDone(run: NodeRun | undefined): boolean {
  return run?.state === "done" || run?.state === "cached";
}

function titleOf(document: Document, types: Catalog | null, name: string): string {
  const node = nodeAt(document, name);
  return node?.title ?? types?.spec(node?.type ?? "")?.title ?? name;
}
