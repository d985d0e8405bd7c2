import { Dices, History, ListPlus, Lock } from "lucide-react";
import type { SeedControl } from "../model/document/document";
import { grouped, numeric } from "../model/values/number";
import { portLabel } from "../ui/format";
import { t } from "../i18n/text";
import styles from "./Field.module.css";
import { NumberField } from "./NumberField";
import type { WidgetProps } from "./types";
import { useLastValue } from "./useLastValue";

const NEXT: Readonly<Record<SeedControl, SeedControl>> = {
  randomize: "fixed",
  fixed: "increment",
  increment: "randomize",
};
const ICONS = { randomize: Dices, fixed: Lock, increment: ListPlus };

/** A number with what happens to it before each run, and a way back to the one of the last run. */
export function SeedField(props: WidgetProps) {
  const { node, port, value, change, changeControl } = props;
  const control = props.control ?? "fixed";
  const last = useLastValue(node, port.name);
  const Icon = ICONS[control];
  const words = t(`field.${control}`);
  const isKept = last !== null && control === "fixed" && numeric(value) === last;
  const keep = last === null ? "" : t("field.keepLast", { seed: grouped(last, port.widget ?? { kind: "seed" }) });

  function keepLast(): void {
    if (last === null) return;
    const gesture = `keep:${port.name}:${performance.now()}`;
    change(last, gesture);
    changeControl?.("fixed", gesture);
  }

  return (
    <NumberField {...props}>
      {changeControl && last !== null && !isKept && (
        <button type="button" className={`${styles["mini"]} ${styles["quietMini"]}`} data-tip={keep} aria-label={keep} onClick={keepLast}>
          <History size={12} />
        </button>
      )}
      {changeControl && (
        <button
          type="button"
          className={styles["mini"]}
          data-tip={words}
          aria-label={t("field.seedControl", { name: portLabel(port), control: words })}
          onClick={() => changeControl(NEXT[control])}
        >
          <Icon size={13} />
        </button>
      )}
    </NumberField>
  );
}
