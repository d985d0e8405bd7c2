import { useStore } from "zustand";
import { useDocument, useStudio } from "./context";

export interface NodePlan {
  readonly state: "cached" | "run";
  readonly seconds: number | null;
  /** It is computed anew by every run, because a seed above it is drawn for each. */
  readonly drawn: boolean;
}

/** What the next run would do with a node, by its name in runs; `null` where that is not known. */
export function usePlanned(node: string, signature: string | undefined): NodePlan | null {
  const { planner } = useStudio();
  const document = useDocument(({ id }) => id);
  const holds = (planned: string, of: string | undefined): boolean => planned === document && of === signature;
  const planned = useStore(planner.store, ({ plan, current }) =>
    plan && current && holds(plan.document, plan.signatures[node]) ? plan.nodes[node] : undefined,
  );
  const drawn = useStore(planner.store, ({ plan }) => plan?.drawn.has(node) ?? false);
  return planned ? { ...planned, drawn } : null;
}
