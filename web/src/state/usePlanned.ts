import { useMemo } from "react";
import { useStore } from "zustand";
import { useShallow } from "zustand/react/shallow";
import { useDocument, useStudio, useWorkspace } from "./context";
import type { Plan } from "./planner";

export interface NodePlan {
  readonly state: "cached" | "run";
  readonly seconds: number | null;
  /** Every run computes it: a seed above it is drawn for each, or results like this are never kept. */
  readonly anew: boolean;
}

/** What the next run would do with a node, by its name in runs; `null` where that is not known. */
export function usePlanned(node: string): NodePlan | null {
  const { planner } = useStudio();
  const workspace = useWorkspace();
  const asked = useStore(
    planner.store,
    useShallow(({ plan, current }) => (plan && current ? { document: plan.document, signature: plan.signatures[node] } : null)),
  );
  // Asked as yes or no: a node whose signature changes with every letter typed above it is not painted anew each time.
  const holds = useDocument((document) => asked?.document === document.id && asked.signature === workspace.signaturesOf(document)[node]);
  const planned = useStore(planner.store, useShallow(({ plan }) => (holds ? plan?.nodes[node] : undefined)));
  const anew = useStore(planner.store, ({ plan }) => plan?.anew.has(node) ?? false);
  return planned ? { ...planned, anew } : null;
}

/** What the next run would do with several nodes as one, such as what is inside an instance; `null` where that is not known. */
export function usePlannedTogether(nodes: readonly string[]): NodePlan | null {
  const { planner } = useStudio();
  const workspace = useWorkspace();
  const asked = useStore(planner.store, ({ plan, current }) => (nodes.length > 0 && current ? plan : null));
  const holds = useDocument((document) => {
    if (asked?.document !== document.id) return false;
    const now = workspace.signaturesOf(document);
    return nodes.every((node) => asked.signatures[node] === now[node]);
  });
  return useMemo(() => (asked && holds ? together(asked, nodes) : null), [asked, holds, nodes]);
}

/** It runs if any of them does; those that nothing needs do not count. */
function together(plan: Plan, nodes: readonly string[]): NodePlan | null {
  const needed = nodes.filter((node) => plan.nodes[node]);
  if (needed.length === 0) return null;
  const run = needed.filter((node) => plan.nodes[node]?.state === "run");
  if (run.length === 0) return { state: "cached", seconds: null, anew: false };
  const times = run.map((node) => plan.nodes[node]?.seconds ?? null);
  const seconds = times.reduce((sum, time) => (sum === null || time === null ? null : sum + time), 0);
  return { state: "run", seconds, anew: run.every((node) => plan.anew.has(node)) };
}
