import { useStore } from "zustand";
import { useShallow } from "zustand/react/shallow";
import { useDocument, useStudio, useWorkspace } from "./context";

export interface NodePlan {
  readonly state: "cached" | "run";
  readonly seconds: number | null;
  /** It is computed anew by every run, because a seed above it is drawn for each. */
  readonly drawn: boolean;
}

/** What the next run would do with a node, by its name in runs; `null` where that is not known. */
export function usePlanned(node: string): NodePlan | null {
  const { planner } = useStudio();
  const workspace = useWorkspace();
  const asked = useStore(
    planner.store,
    useShallow(({ plan, current }) => (plan && current ? { document: plan.document, signature: plan.signatures[node] } : null)),
  );
  // Asked as yes or no: a node whose signature changes with every letter typed above it is not drawn anew each time.
  const holds = useDocument((document) => asked?.document === document.id && asked.signature === workspace.signaturesOf(document)[node]);
  const planned = useStore(planner.store, useShallow(({ plan }) => (holds ? plan?.nodes[node] : undefined)));
  const drawn = useStore(planner.store, ({ plan }) => plan?.drawn.has(node) ?? false);
  return planned ? { ...planned, drawn } : null;
}
