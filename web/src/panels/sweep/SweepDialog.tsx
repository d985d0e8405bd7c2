import { useMemo, useState } from "react";
import { useStore } from "zustand";
import { neededNodes } from "../../model/runs/needed";
import { costOf, MOST_CELLS, type Axis, type Cost } from "../../model/runs/sweep";
import { useStudio, useWorkspace } from "../../state/context";
import { startSweep } from "../../state/sweeps";
import { Button } from "../../ui/Button";
import { seconds } from "../../ui/format";
import { Overlay } from "../../ui/Overlay";
import { t } from "../../i18n/text";
import { AxisFields } from "./AxisFields";
import { axisOf, firstWish, fieldsOf, type AxisWish, type SweepField } from "./fields";
import styles from "./Sweep.module.css";

/** Choose what is varied and how; says what it costs before it starts. */
export function SweepDialog() {
  const studio = useStudio();
  const workspace = useWorkspace();
  // What was selected when this was opened; the canvas behind does not change meanwhile.
  const fields = useMemo(() => fieldsOf(workspace), [workspace]);
  const [wishes, setWishes] = useState<readonly AxisWish[]>(() => fields.slice(0, 1).map(firstWish));
  const axes = wishes.map((wish) => axisOf(wish, fields));
  const usable = axes.flatMap((axis) => ("values" in axis ? [axis] : []));
  const ready = wishes.length > 0 && usable.length === wishes.length;
  const cells = usable.reduce((count, { values }) => count * values.length, 1);
  const change = (index: number, wish: AxisWish): void => setWishes(wishes.map((old, place) => (place === index ? wish : old)));
  const unused = (index: number): SweepField[] => fields.filter(({ id }) => !wishes.some((wish, place) => place !== index && wish.field === id));

  return (
    <Overlay title={t("sweep.title")}>
      {fields.length === 0 && <p className={styles["quiet"]}>{t("sweep.noFields")}</p>}
      {wishes.map((wish, index) => (
        <AxisFields
          key={index}
          name={t(index === 0 ? "sweep.columns" : "sweep.rows")}
          wish={wish}
          fields={unused(index)}
          axis={axes[index]}
          change={(next) => change(index, next)}
          {...(index > 0 && { remove: () => setWishes(wishes.slice(0, index)) })}
        />
      ))}
      {wishes.length === 1 && fields.length > 1 && (
        <Button look="quiet" onClick={() => setWishes([...wishes, firstWish(unused(1)[0])])}>
          {t("sweep.addAxis")}
        </Button>
      )}
      <footer className={styles["foot"]}>
        {ready && cells <= MOST_CELLS && <CostWords axes={usable} />}
        {cells > MOST_CELLS && <span className={styles["wrong"]}>{t("sweep.problem.tooMany", { most: MOST_CELLS })}</span>}
        <Button look="primary" disabled={!ready || cells > MOST_CELLS} onClick={() => startSweep(studio, usable)}>
          {ready ? t("sweep.start", { count: cells }) : t("command.run")}
        </Button>
      </footer>
    </Overlay>
  );
}

/** What is computed once for all, and how long it may take. */
function CostWords({ axes }: { axes: readonly Axis[] }) {
  const { planner } = useStudio();
  const workspace = useWorkspace();
  const plan = useStore(planner.store, (state) => state.plan);
  const { types, documents } = workspace;
  if (!types) return null;
  const flat = workspace.flatOf(documents.document);
  const cost = costOf(flat, neededNodes(flat, types), axes);
  const time = plan && timeOf(cost, planner.estimates(documents.document));
  return (
    <span className={styles["cost"]}>
      {t("sweep.cost", { runs: cost.runs, naive: cost.naive })} {t("sweep.shared", { count: cost.shared })}
      {time ? ` ${t("sweep.time", { seconds: seconds(time) })}` : ""}
    </span>
  );
}

function timeOf({ times }: Cost, estimates: Readonly<Record<string, number>>): number {
  return [...times].reduce((sum, [node, count]) => sum + count * (estimates[node] ?? 0), 0);
}
