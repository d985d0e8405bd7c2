import { Copy } from "lucide-react";
import { useRuns, useStudio } from "../state/context";
import { toJson } from "../model/format/json";
import { logOf } from "../model/runs/problem";
import type { Problem } from "../model/runs/problems";
import type { NodeFailed } from "../runtime/wire.gen";
import { t } from "../i18n/text";
import { IconButton } from "../ui/Button";
import styles from "./FailureDetails.module.css";

/** Where in its code a node went wrong and with which inputs, or the last words of its worker, for who wrote it: shown when asked for. */
export function FailureDetails({ problem }: { problem: Problem }) {
  const studio = useStudio();
  const failed = useRuns(({ failures }) => failures[problem.node ?? ""]);
  const told = failed?.problem.code === problem.code && failed.traceback.length > 0 ? textOf(failed) : logOf(problem);
  if (!told) return null;
  const copy = (): void =>
    void navigator.clipboard.writeText(told).then(
      () => studio.notify(t("problems.details.copied")),
      () => studio.notify(t("problems.details.notCopied")),
    );
  return (
    <details className={styles["details"]}>
      <summary>{t("problems.details")}</summary>
      <div className={styles["technical"]}>
        <IconButton label={t("problems.details.copy")} className={styles["copy"] ?? ""} onClick={copy}>
          <Copy size={13} />
        </IconButton>
        {/* A long one is scrolled by keyboard too. */}
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <pre tabIndex={0} aria-label={t("problems.details")}>
          {told}
        </pre>
      </div>
    </details>
  );
}

function textOf({ inputs, traceback }: NodeFailed): string {
  const given = Object.entries(inputs).map(([name, value]) => `${name} = ${typeof value === "string" ? value : toJson(value)}`);
  return [traceback.join("").trimEnd(), given.join("\n")].filter(Boolean).join("\n\n");
}
