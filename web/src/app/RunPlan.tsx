import { useEffect, useMemo, useState } from "react";
import { useStore } from "zustand";
import type { Document } from "../model/document/document";
import { computedAnew, neededNodes } from "../model/runs/needed";
import { useDocument, useNodeTypes, useRuns, useStudio, useUi, useWorkspace } from "../state/context";
import { amountOf, type Amount } from "../state/planner";
import { seconds } from "../ui/format";
import { t } from "../i18n/text";
import styles from "./RunBar.module.css";
import { RunWords } from "./RunWords";

const SETTLED_MS = 150;

/** How many nodes a run would compute and how long that takes: asked from the server, else guessed. */
export function RunPlan() {
  const { planner } = useStudio();
  const workspace = useWorkspace();
  const document = useSettledDocument();
  const plan = useStore(planner.store, (state) => (state.current ? state.plan : null));
  const guessed = useGuess(document);
  const batch = useUi((state) => state.batch);
  const planned = useMemo(
    () => amountOf(plan, document.id, workspace.signaturesOf(document)),
    [plan, document, workspace],
  );
  const amount = planned ?? guessed;
  if (!amount) return null;
  const parts = partsFor(amount, batch);
  return (
    <span className={styles["plan"]} title={amount.total === 0 ? t("run.none.hint") : parts.join(" · ")} data-known={planned !== null}>
      <RunWords parts={parts} />
    </span>
  );
}

function partsFor({ total, stale, seconds: needed }: Amount, batch: number): string[] {
  if (total === 0) return [t("run.none")];
  if (stale === 0) return [t("run.fresh")];
  const parts = [t("run.compute", { count: stale, total })];
  if (needed !== null) parts.push(t("run.about", { seconds: seconds(needed * batch) }));
  return parts;
}

/** What this page knows by itself: results that it saw, of nodes that did not change since. */
function useGuess(document: Document): Amount | null {
  const workspace = useWorkspace();
  const catalog = useNodeTypes();
  const runs = useRuns(({ nodes }) => nodes);
  return useMemo(() => {
    if (!catalog) return null;
    const flat = workspace.flatOf(document);
    const needed = neededNodes(flat, catalog);
    const now = workspace.signaturesOf(document);
    const anew = computedAnew(flat, catalog);
    const old = [...needed].filter((id) => anew.has(id) || runs[id]?.signature !== now[id]);
    return { total: needed.size, stale: old.length, seconds: null };
  }, [catalog, document, runs, workspace]);
}

/** The document once nobody types any more: what a run takes need not follow every letter. */
function useSettledDocument(): Document {
  const now = useDocument((all) => all);
  const [settled, setSettled] = useState(now);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(now), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [now]);
  return settled.id === now.id ? settled : now;
}
