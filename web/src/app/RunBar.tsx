import { useMemo } from "react";
import { neededNodes, nodesBelow, seedsDrawn } from "../model/signature";
import { isFinal } from "../runtime/jobs";
import { useDocument, useNodeTypes, useRuns, useRuntime, useStudio, useWorkspace } from "../state/context";
import { Button } from "../ui/Button";
import { t } from "../i18n/text";
import { cancelCurrent } from "./commands/run";
import styles from "./TopBar.module.css";
import { keysOf, withKeys } from "./useShortcuts";

/** What a run would compute, and Run. */
export function RunBar() {
  return (
    <>
      <Plan />
      <RunButtons />
    </>
  );
}

/** How many nodes a run would compute: those whose result is not known to be there. */
function Plan() {
  const workspace = useWorkspace();
  const document = useDocument((all) => all);
  const catalog = useNodeTypes();
  const runs = useRuns(({ nodes }) => nodes);
  const { total, stale } = useMemo(() => {
    if (!catalog) return { total: 0, stale: 0 };
    const needed = neededNodes(document, catalog);
    const now = workspace.signaturesOf(document);
    const drawn = nodesBelow(document, seedsDrawn(document));
    const old = [...needed].filter((id) => drawn.has(id) || runs[id]?.signature !== now[id]);
    return { total: needed.size, stale: old.length };
  }, [catalog, document, runs, workspace]);
  if (!catalog) return null;
  const words =
    total === 0 ? t("run.none") : stale === 0 ? t("run.fresh") : t("run.compute", { count: stale, total });
  return (
    <span className={styles["plan"]} title={total === 0 ? t("run.none.hint") : undefined}>
      {words}
    </span>
  );
}

function RunButtons() {
  const studio = useStudio();
  const live = useRuntime((state) => state.phase === "live");
  const document = useDocument(({ id }) => id);
  const busy = useRuntime(({ jobs }) =>
    jobs.order.some((id) => jobs.ours[id]?.document === document && !isFinal(jobs.byId[id]?.record.state ?? "failed")),
  );
  return (
    <div className={styles["run"]}>
      {busy && (
        <Button onClick={() => cancelCurrent(studio)} title={withKeys("cancel")}>
          {t("command.cancel")}
        </Button>
      )}
      <Button look="primary" disabled={!live} onClick={() => studio.run()} title={withKeys("run")}>
        {t("command.run")} <kbd className={styles["keys"]}>{keysOf("run")}</kbd>
      </Button>
    </div>
  );
}
