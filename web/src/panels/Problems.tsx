import { CircleX, TriangleAlert, X } from "lucide-react";
import { placeOf, problemKey, type Problem } from "../model/runs/problems";
import { graphAt } from "../model/document/document";
import { useDocument, useLostPacks, useNodeTypes, useProblems, useStudio, useUi, useWorkspace } from "../state/context";
import { revealProblem } from "../state/reveal";
import { Button, IconButton } from "../ui/Button";
import { label } from "../ui/format";
import { wordsBeside, wordsOf } from "../model/runs/problem";
import { t } from "../i18n/text";
import { FailureDetails } from "./FailureDetails";
import styles from "./Problems.module.css";

/** What is wrong with the workflow, found while it is edited or by its last run; each leads to its place. */
export function Problems() {
  const isOpen = useUi((state) => state.problems);
  return isOpen ? <List /> : null;
}

function List() {
  const studio = useStudio();
  const workspace = useWorkspace();
  const problems = useProblems(({ all }) => all);
  const dismissed = useProblems((index) => index.dismissed);
  const close = (): void => studio.ui.setState({ problems: false });
  return (
    <section data-zoomable className={styles["panel"]} aria-label={t("problems.title")}>
      <header className={styles["header"]}>
        <h2>{t("problems.title")}</h2>
        <IconButton label={t("problems.close")} onClick={close}>
          <X size={14} />
        </IconButton>
      </header>
      <PackFailures />
      {problems.length === 0 && <p className={styles["quiet"]}>{t("problems.none")}</p>}
      <ul className={styles["list"]}>
        {problems.map((problem) => (
          <Row key={problemKey(problem)} problem={problem} />
        ))}
      </ul>
      {dismissed > 0 && (
        <Button look="quiet" onClick={() => studio.problems.restore(workspace.id)}>
          {t("problems.restore", { count: dismissed })}
        </Button>
      )}
    </section>
  );
}

/** Packs whose nodes are missing, with the line that says why. */
function PackFailures() {
  const studio = useStudio();
  const failures = useLostPacks();
  if (failures.length === 0) return null;
  return (
    <section className={styles["packs"]} aria-label={t("library.failures.title")}>
      <h3>{t("library.failures.title")}</h3>
      <dl>
        {failures.map(({ pack, error }) => (
          <div key={pack}>
            <dt>{pack}</dt>
            <dd>{error}</dd>
          </div>
        ))}
      </dl>
      <p>{t("library.failures.fix")}</p>
      <Button onClick={() => studio.ui.setState({ overlay: "packs" })}>
        {t("command.packs")}
      </Button>
    </section>
  );
}

function Row({ problem }: { problem: Problem }) {
  const studio = useStudio();
  const workspace = useWorkspace();
  const isWarning = problem.severity === "warning";
  const Icon = isWarning ? TriangleAlert : CircleX;
  const place = usePlaceName(problem);
  return (
    <li className={styles["row"]}>
      <button type="button" className={styles["problem"]} onClick={() => revealProblem(studio, problem)}>
        <Icon size={14} className={isWarning ? styles["warning"] : styles["error"]} aria-label={t(isWarning ? "problems.warning" : "problems.error")} />
        <span className={styles["words"]}>
          {place && <span className={styles["place"]}>{place}</span>}
          <span>{place ? wordsBeside(problem) : wordsOf(problem)}</span>
          {problem.hint && <span className={styles["hint"]}>{problem.hint}</span>}
        </span>
      </button>
      <FailureDetails problem={problem} />
      {isWarning && (
        <IconButton label={t("problems.dismiss")} className={styles["dismiss"] ?? ""} onClick={() => studio.problems.dismiss(workspace.id, problem)}>
          <X size={12} />
        </IconButton>
      )}
    </li>
  );
}

/** The node as it is called, and the field: `KSampler · steps`. */
function usePlaceName(problem: Problem): string {
  const types = useNodeTypes();
  return useDocument((document) => {
    const place = placeOf(problem);
    if (!place) return "";
    const node = graphAt(document, place.scope).nodes[place.node];
    const title = node?.title ?? types?.spec(node?.type ?? "")?.title ?? node?.type ?? place.node;
    return [title, problem.port === null ? "" : label(problem.port)].filter(Boolean).join(" · ");
  });
}
