import { useMemo } from "react";
import { useShallow } from "zustand/react/shallow";
import type { Catalog } from "../../model/catalog/catalog";
import type { Document } from "../../model/document/document";
import { nodeAt } from "../../model/subgraphs/flatten";
import { isDone, outputsOf, partOf, previewOf, runningOf } from "../../runtime/innerRuns";
import { runsOf, type NodeRun } from "../../runtime/jobs";
import { isPicture } from "../../runtime/nodeRuns";
import type { Output } from "../../runtime/wire.gen";
import { useDocument, useNodeTypes, useProblems, useRunId, useRuns, useRuntime, useWorkspace } from "../../state/context";
import { t } from "../../i18n/text";
import { usePlannedTogether, type NodePlan } from "../../state/usePlanned";
import { endedState, plannedState, type NodeStateWords } from "./nodeStateWords";

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
  return useRuns(({ nodes }) => partOf(nodes, inner));
}

/** The nodes whose runs are shown on a node, by what they are called in runs: those inside it, or itself. */
function useShownNodes(id: string): readonly string[] {
  const inner = useInnerNodes(id);
  const inRuns = useRunId(id);
  return useMemo(() => (inner.length ? inner : [inRuns]), [inner, inRuns]);
}

/** Part of what runs now on a node or inside it, or of what showed a picture there last. */
export function useShownRun<T>(id: string, part: (run: NodeRun | undefined) => T): T {
  const names = useShownNodes(id);
  return useRuns(({ nodes }) => {
    const pictured = names.findLast((name) => nodes[name]?.outputs.some(isPicture));
    return part(nodes[runningOf(nodes, names) ?? pictured ?? names.at(-1) ?? ""]);
  });
}

/** All that a node shows of its last runs, or those inside it do. */
export function useShownOutputs(id: string): readonly Output[] {
  const names = useShownNodes(id);
  return useRuns(useShallow(({ nodes }) => outputsOf(nodes, names)));
}

/** The latest step preview of a node, or of what runs inside it. */
export function usePreview(id: string): string | undefined {
  const names = useShownNodes(id);
  const document = useDocument((all) => all.id);
  return useRuntime(({ previews, jobs }) => previewOf(previews[document], runsOf(jobs, document).nodes, names));
}

function settled(runs: readonly (NodeRun | undefined)[], signatures: readonly (string | undefined)[], planned: NodePlan | null): NodeStateWords {
  const idle = { kind: "idle", look: "", reason: "" } as const;
  const plan = planned ? plannedState(planned) : { ...idle, words: "" };
  const known = runs.filter((run) => run !== undefined);
  if (known.length === 0) return plan;
  if (known.some(({ state }) => state === "stopped")) return { ...idle, words: t("node.stopped") };
  if (runs.some((run, index) => run && run.state !== "error" && run.signature !== signatures[index])) return planned ? plan : { ...idle, words: t("node.stale") };
  if (!known.every(isDone)) return { ...idle, words: "" };
  return endedState(known, planned, "");
}

function titleOf(document: Document, types: Catalog | null, name: string): string {
  const node = nodeAt(document, name);
  return node?.title ?? types?.spec(node?.type ?? "")?.title ?? name;
}
