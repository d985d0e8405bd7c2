import { useEffect } from "react";
import { wordsOf } from "../model/runs/problem";
import { api } from "../runtime/api";
import { useDocumentState, useLostPacks, useProblems, useRuntime, useStudio, useUi, useView } from "../state/context";
import { bytes, clock } from "../ui/format";
import { t } from "../i18n/text";
import styles from "./StatusBar.module.css";
import { useKeys } from "./useKeys";

const FRESH_MS = 20_000;

/** Connection, workers, cache; and how the document is saved. */
export function StatusBar() {
  useFreshSystem();
  const phase = useRuntime((state) => state.phase);
  const system = useRuntime((state) => state.system);
  const zoom = useView((state) => state.zoom);
  return (
    <footer className={styles["bar"]} data-zoomable>
      <span className={phase === "live" ? styles["live"] : styles["lost"]}>
        <span className={styles["dot"]} />
        {phase === "live" ? t("status.connected") : phase === "connecting" ? t("status.connecting") : t("status.offline")}
      </span>
      {phase === "live" && <Workers />}
      {system && <span className={styles["detail"]}>{t("status.cache", { size: bytes(system.cache.bytes) })}</span>}
      <Hits />
      <PackFailures />
      <ProblemCount />
      <span className={styles["space"]} />
      <Saved />
      <span className={styles["zoom"]}>{Math.round(zoom * 100)} %</span>
    </footer>
  );
}

function Workers() {
  const workers = useRuntime((state) => state.workers);
  if (workers.length === 0) return <span>{t("status.noWorker")}</span>;
  return (
    <>
      {workers.map(({ worker, state, device, detail }) => {
        const trouble = state === "down" || state === "stopped";
        const words = state === "starting" ? t("status.worker.starting") : trouble ? t("status.worker.down") : "";
        return (
          <span key={worker} title={detail || undefined} className={`${styles["worker"]} ${trouble ? styles["lost"] : ""}`}>
            {[worker, worker.startsWith(device) ? "" : device, words].filter(Boolean).join(" · ")}
          </span>
        );
      })}
    </>
  );
}

/** The share of nodes that did not have to be computed, over the jobs that are known. */
function Hits() {
  const percent = useRuntime(({ jobs }) => {
    let cached = 0;
    let executed = 0;
    for (const id of jobs.order) {
      cached += jobs.byId[id]?.record.summary.cached ?? 0;
      executed += jobs.byId[id]?.record.summary.executed ?? 0;
    }
    return cached + executed === 0 ? null : Math.round((100 * cached) / (cached + executed));
  });
  return percent === null ? null : <span className={styles["detail"]}>{t("status.hits", { percent })}</span>;
}

/** Packs whose nodes are missing because they could not be loaded. Opens the list that says why. */
function PackFailures() {
  const { ui } = useStudio();
  const count = useLostPacks().length;
  const isOpen = useUi((state) => state.problems);
  if (count === 0) return null;
  return (
    <button type="button" className={`${styles["problems"]} ${styles["lost"]}`} aria-expanded={isOpen} onClick={() => ui.setState({ problems: !isOpen })}>
      {t("library.failures", { count })}
    </button>
  );
}

/** How many problems there are; a single one says what it is. Opens the list. */
function ProblemCount() {
  const { ui } = useStudio();
  const problems = useProblems(({ all }) => all);
  const isOpen = useUi((state) => state.problems);
  const keys = useKeys("problems");
  const [first] = problems;
  if (!first) return null;
  return (
    <button
      type="button"
      className={`${styles["problems"]} ${first.severity === "warning" ? styles["lost"] : ""}`}
      aria-expanded={isOpen}
      data-tip={[t("command.problems"), keys].filter(Boolean).join(" · ")}
      onClick={() => ui.setState({ problems: !isOpen })}
    >
      {problems.length === 1 ? wordsOf(first) : t("status.problems", { count: problems.length })}
    </button>
  );
}

function Saved() {
  const { keeping, edited, isFiled, savedAt, refusal } = useDocumentState((state) => ({
    keeping: state.keeping,
    edited: state.edited,
    isFiled: state.file !== null,
    savedAt: state.savedAt,
    refusal: state.refusal,
  }));
  const words = {
    kept: edited ? t("save.draft") : savedAt ? t("save.savedAt", { time: clock(savedAt) }) : isFiled ? t("save.saved") : t("save.unsaved"),
    waiting: t("save.saving"),
    sending: t("save.saving"),
    offline: t("save.offline"),
    conflict: t("save.conflict"),
    refused: refusal,
  }[keeping];
  const trouble = keeping === "offline" || keeping === "conflict" || keeping === "refused";
  return <span className={trouble ? styles["lost"] : undefined}>{words}</span>;
}

function useFreshSystem(): void {
  const { runtime } = useStudio();
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState !== "visible" || runtime.store.getState().phase !== "live") return;
      api.system().then((system) => runtime.store.setState({ system, workers: system.workers }), () => {});
    }, FRESH_MS);
    return () => clearInterval(timer);
  }, [runtime]);
}
