import { wordsBeside } from "../../model/runs/problem";
import type { Problem } from "../../model/runs/problems";
import { isBorder } from "../../model/subgraphs/border";
import { subgraphOf } from "../../model/document/document";
import { loses } from "../../model/catalog/catalog";
import { placeholderSpec } from "../../model/catalog/placeholder";
import { useGraph, useNodeTypes, usePacks, useProblems, useRunId, useStudio, useView } from "../../state/context";
import { offPackOf } from "../../state/packs";
import { t } from "../../i18n/text";
import { Button } from "../../ui/Button";
import { Lossy } from "../../ui/Lossy";
import { FailureDetails } from "../FailureDetails";
import panel from "../Panel.module.css";
import { CommonFields, NodeFields } from "./Fields";
import { Help } from "./Help";
import styles from "./Inspector.module.css";

/** What is selected: its values, what is wrong with it, and the help its author wrote. */
export function Inspector() {
  const selected = useView(({ nodes }) => nodes);
  const ids = [...selected].filter((id) => !isBorder(id));
  const [id] = ids;
  if (id === undefined) return null;
  return ids.length > 1 ? <Several ids={ids} /> : <One key={id} id={id} />;
}

function One({ id }: { id: string }) {
  const node = useGraph((graph) => graph.nodes[id]);
  const spec = useNodeTypes()?.spec(node?.type ?? "");
  const problems = useFaults(id);
  if (!node) return null;
  // Of an instance without fields its panel says everything.
  if (spec && subgraphOf(spec.id) !== null && !problems && !spec.inputs.some(({ widget }) => widget)) return null;
  const title = node.title ?? spec?.title ?? node.type;
  return (
    <section className={panel["section"]} aria-label={title}>
      <h2 className={panel["heading"]}>
        {title} {spec && loses(spec, node.values) && <Lossy />}
      </h2>
      {problems && <Faults problems={problems} />}
      {spec ? <NodeFields id={id} spec={spec} /> : <Missing id={id} />}
      {spec && subgraphOf(spec.id) === null && <Help spec={spec} />}
    </section>
  );
}

/** A node whose type is not here: its values can be read. */
function Missing({ id }: { id: string }) {
  const { packs } = useStudio();
  const graph = useGraph((all) => all);
  const off = usePacks((state) => offPackOf(state, graph.nodes[id]?.type ?? ""));
  return (
    <>
      <p className={`${panel["quiet"]} ${styles["missing"]}`}>{off ? t("node.missing.off", { pack: off.name }) : t("inspector.unknown")}</p>
      {off && <Button className={styles["turnOn"] ?? ""} onClick={() => void packs.turn(off, true)}>{t("packs.turnOn", { pack: off.name })}</Button>}
      <NodeFields id={id} spec={placeholderSpec(graph, id)} />
    </>
  );
}

function useFaults(id: string): readonly Problem[] | undefined {
  const inRuns = useRunId(id);
  return useProblems(({ byNode }) => byNode[inRuns]);
}

function Faults({ problems }: { problems: readonly Problem[] }) {
  return (
    <ul className={styles["faults"]}>
      {problems.map((problem) => (
        <li key={`${problem.code}${problem.port}${problem.message}`} data-severity={problem.severity}>
          {wordsBeside(problem)} {problem.hint && <span>{problem.hint}</span>}
          <FailureDetails problem={problem} />
        </li>
      ))}
    </ul>
  );
}

/** Nodes of one type are edited together. */
function Several({ ids }: { ids: readonly string[] }) {
  const types = useNodeTypes();
  const type = useGraph(({ nodes }) => {
    const [first, ...others] = ids.map((id) => nodes[id]?.type ?? "");
    return others.every((other) => other === first) ? first : null;
  });
  const spec = types?.spec(type ?? "");
  return (
    <section className={panel["section"]} aria-label={t("inspector.many", { count: ids.length })}>
      <h2 className={panel["heading"]}>{spec ? t("inspector.manyOf", { count: ids.length, title: spec.title }) : t("inspector.many", { count: ids.length })}</h2>
      {spec && <CommonFields ids={ids} spec={spec} />}
    </section>
  );
}
