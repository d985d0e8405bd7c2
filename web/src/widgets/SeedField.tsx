import { Dices, ListPlus, Lock } from "lucide-react";
import type { SeedControl } from "../model/document";
import { portLabel } from "../ui/format";
import { t } from "../i18n/text";
import styles from "./Field.module.css";
import { NumberField } from "./NumberField";
import type { WidgetProps } from "./types";

const NEXT: Readonly<Record<SeedControl, SeedControl>> = {
  randomize: "fixed",
  fixed: "increment",
  increment: "randomize",
};
const ICONS = { randomize: Dices, fixed: Lock, increment: ListPlus };

/** A number with what happens to it before each run. */
export function SeedField(props: WidgetProps) {
  const control = props.control ?? "fixed";
  const Icon = ICONS[control];
  const words = t(`field.${control}`);
  const name = t("field.seedControl", { name: portLabel(props.port), control: words });
  return (
    <NumberField {...props}>
      {props.changeControl && (
        <button
          type="button"
          className={styles["mini"]}
          title={words}
          aria-label={name}
          onClick={() => props.changeControl?.(NEXT[control])}
        >
          <Icon size={13} />
        </button>
      )}
    </NumberField>
  );
}
