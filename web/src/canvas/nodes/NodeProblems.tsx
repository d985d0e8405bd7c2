import { wordsBeside } from "../../model/runs/problem";
import { useProblems, useRunId } from "../../state/context";
import styles from "./Node.module.css";

/**
 * What is wrong with the node and how to mend it, in the server's words. What the last run found
 * stands there; what would stop one is said when the node is selected. Mere oddities are not.
 */
export function NodeProblems({ id, selected }: { id: string; selected: boolean }) {
  const inRuns = useRunId(id);
  const all = useProblems(({ byNode }) => byNode[inRuns]);
  const isLoud = useProblems(({ loud }) => loud.has(inRuns));
  const problems = isLoud ? all : all?.filter(({ severity }) => severity !== "warning");
  if (!problems?.length || !(isLoud || selected)) return null;
  const onlyWarnings = problems.every((problem) => problem.severity === "warning");
  return (
    <div className={`${styles["problems"]} ${onlyWarnings ? styles["warning"] : ""} nodrag nopan`} role={isLoud ? "alert" : "note"}>
      {problems.map((problem) => (
        <p key={`${problem.code}${problem.port ?? ""}${problem.message}`}>
          {wordsBeside(problem)} {problem.hint && <span className={styles["hint"]}>{problem.hint}</span>}
        </p>
      ))}
    </div>
  );
}
