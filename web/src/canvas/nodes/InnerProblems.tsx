import { useShallow } from "zustand/react/shallow";
import { wordsOf } from "../../model/runs/problem";
import { useProblems, useStudio } from "../../state/context";
import { reveal } from "../../state/reveal";
import { t } from "../../i18n/text";
import styles from "./Node.module.css";
import { useInnerNodes } from "./useInstanceRun";

/** What went wrong inside an instance, with the way there. */
export function InnerProblems({ id }: { id: string }) {
  const studio = useStudio();
  const inner = useInnerNodes(id);
  const problems = useProblems(useShallow(({ byNode, loud }) => inner.flatMap((name) => (loud.has(name) ? (byNode[name] ?? []) : []))));
  if (problems.length === 0) return null;
  return (
    <div className={`${styles["problems"]} nodrag nopan`} role="alert">
      {problems.slice(0, 3).map((problem) => (
        <p key={`${problem.node}${problem.code}${problem.message}`}>
          {wordsOf(problem)}{" "}
          <button type="button" className={styles["inside"]} onClick={() => reveal(studio, null, problem.node ?? "")}>
            {t("subgraph.seeInside")}
          </button>
        </p>
      ))}
    </div>
  );
}
