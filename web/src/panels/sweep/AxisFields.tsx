import { X } from "lucide-react";
import { useId } from "react";
import type { Choice } from "../../model/catalog/catalog";
import { valueLabel, type Axis, type SweepProblem } from "../../model/runs/sweep";
import { IconButton } from "../../ui/Button";
import { portLabel } from "../../ui/format";
import { t } from "../../i18n/text";
import { choicesOf, firstWish, kindOf, type AxisWish, type SweepField } from "./fields";
import { Select } from "../../ui/Select";
import styles from "./Sweep.module.css";

interface Props {
  name: string;
  wish: AxisWish;
  fields: readonly SweepField[];
  axis: Axis | { problem: SweepProblem } | undefined;
  change: (wish: AxisWish) => void;
  remove?: () => void;
}

/** One axis: which widget, and its values. */
export function AxisFields({ name, wish, fields, axis, change, remove }: Props) {
  const field = fields.find(({ id }) => id === wish.field);
  const wrong = axis && "problem" in axis ? axis.problem : null;
  const hint = useId();
  return (
    <fieldset className={styles["axis"]}>
      <legend>{name}</legend>
      <div className={styles["which"]}>
        <Select
          className={styles["field"] ?? ""}
          aria-label={t("sweep.which", { axis: name })}
          value={wish.field}
          onChange={(event) => change(firstWish(fields.find(({ id }) => id === event.target.value)))}
        >
          {[...Map.groupBy(fields, ({ of }) => of)].map(([node, group]) => (
            <optgroup key={node} label={node}>
              {group.map(({ id, port }) => (
                <option key={id} value={id}>
                  {`${node} · ${portLabel(port)}`}
                </option>
              ))}
            </optgroup>
          ))}
        </Select>
        {remove && (
          <IconButton label={t("sweep.removeAxis")} onClick={remove}>
            <X size={14} />
          </IconButton>
        )}
      </div>
      {field && <Values field={field} wish={wish} change={change} name={name} hint={hint} wrong={wrong !== null} />}
      <p id={hint} className={wrong ? styles["wrong"] : styles["quiet"]}>
        {wrong ? problemWords(wrong) : axis && "values" in axis ? axis.values.map(valueLabel).join("  ·  ") : ""}
      </p>
    </fieldset>
  );
}

interface ValuesProps {
  field: SweepField;
  wish: AxisWish;
  change: (wish: AxisWish) => void;
  name: string;
  hint: string;
  wrong: boolean;
}

function Values({ field, wish, change, name, hint, wrong }: ValuesProps) {
  const widget = field.port.widget ?? { kind: "" };
  const kind = kindOf(widget);
  const common = { "aria-label": t("sweep.values", { axis: name }), "aria-describedby": hint, "aria-invalid": wrong };
  if (kind === "numbers")
    return (
      <input
        {...common}
        className={styles["text"]}
        value={wish.text}
        placeholder={t("sweep.numbers")}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => change({ ...wish, text: event.target.value })}
      />
    );
  if (kind === "lines")
    return (
      <textarea
        {...common}
        className={styles["text"]}
        rows={4}
        value={wish.text}
        placeholder={t("sweep.lines")}
        onChange={(event) => change({ ...wish, text: event.target.value })}
      />
    );
  const toggle = (choice: Choice): void =>
    change({ ...wish, chosen: choicesOf(widget).filter((item) => (item === choice) !== wish.chosen.includes(item)) });
  return (
    <div role="group" {...common} className={styles["choices"]}>
      {choicesOf(widget).map((choice) => (
        <label key={String(choice)}>
          <input type="checkbox" checked={wish.chosen.includes(choice)} onChange={() => toggle(choice)} />
          {valueLabel(choice)}
        </label>
      ))}
    </div>
  );
}

function problemWords(problem: SweepProblem): string {
  switch (problem.code) {
    case "empty":
      return t("sweep.problem.empty");
    case "tooMany":
      return t("sweep.problem.tooMany", { most: problem.most });
    default:
      return t(`sweep.problem.${problem.code}`, { text: problem.text });
  }
}
