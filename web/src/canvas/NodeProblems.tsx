import { useShallow } from "zustand/react/shallow";
import { useRunId, useRuns } from "../state/context";
import styles from "./Node.module.css";

/** What is wrong with the node and how to mend it, in the server's words. */
export function NodeProblems({ id }: { id: string }) {
  const inRuns = useRunId(id);
  const problems = useRuns(useShallow((runs) => runs.problems.filter((problem) => problem.node === inRuns)));
  if (problems.length === 0) return null;
  const onlyWarnings = problems.every((problem) => problem.severity === "warning");
  return (
    <div className={`${styles["problems"]} ${onlyWarnings ? styles["warning"] : ""} nodrag nopan`} role="alert">
      {problems.map((problem) => (
        <p key={`${problem.code}${problem.port ?? ""}${problem.message}`}>
          {problem.message} {problem.hint && <span className={styles["hint"]}>{problem.hint}</span>}
        </p>
      ))}
    </div>
  );
}
