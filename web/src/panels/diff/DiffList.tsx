import { ArrowRight, Minus, Move, Pencil, Plus, type LucideIcon } from "lucide-react";
import { useState } from "react";
import type { Difference, DiffKind } from "../../model/document/diff";
import { t } from "../../i18n/text";
import { Button } from "../../ui/Button";
import { fieldName, subject, valueWords, type Side } from "./words";
import styles from "./Diff.module.css";

const ICONS: Readonly<Record<DiffKind, LucideIcon>> = { added: Plus, removed: Minus, changed: Pencil, moved: Move };
const ORDER: readonly DiffKind[] = ["changed", "added", "removed", "moved"];
const SHOWN = 200;
/** What is seen better than said. */
const UNSAID: ReadonlySet<string> = new Set(["at", "size", "knots"]);

interface Props {
  differences: readonly Difference[];
  sides: { readonly before: Side; readonly after: Side };
  chosen: Difference | null;
  choose: (difference: Difference) => void;
}

/** All differences in words, what counts most first; choosing one shows it in the picture. */
export function DiffList({ differences, sides, chosen, choose }: Props) {
  const [all, setAll] = useState(false);
  const sorted = differences.toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
  const shown = all ? sorted : sorted.slice(0, SHOWN);
  return (
    <ul className={styles["list"]} aria-label={t("diff.list")}>
      {shown.map((difference) => {
        const Icon = ICONS[difference.kind];
        return (
          <li key={`${difference.graph} ${difference.item} ${difference.id} ${difference.kind}`}>
            <button type="button" className={styles["row"]} aria-pressed={difference === chosen} onClick={() => choose(difference)}>
              <span className={`${styles["kind"]} ${styles[difference.kind]}`}>
                <Icon size={12} aria-hidden="true" /> {t(`diff.${difference.kind}`)}
              </span>
              <span className={styles["subject"]}>{subject(difference, sides)}</span>
              <Fields difference={difference} sides={sides} />
            </button>
          </li>
        );
      })}
      {shown.length < sorted.length && (
        <li>
          <Button look="quiet" onClick={() => setAll(true)}>
            {t("diff.more", { count: sorted.length - shown.length })}
          </Button>
        </li>
      )}
    </ul>
  );
}

/** The fields that changed, with both values; places are seen in the picture. */
function Fields({ difference, sides }: Pick<Props, "sides"> & { difference: Difference }) {
  if (difference.kind !== "changed") return null;
  const fields = difference.fields.filter(({ field }) => !UNSAID.has(field));
  return (
    <span className={styles["fields"]}>
      {fields.map((field) => (
        <span key={field.field} className={styles["field"]}>
          <span className={styles["name"]}>{fieldName(field, difference, sides)}</span>
          <del>{valueWords(field.before)}</del>
          <ArrowRight size={11} aria-label={t("diff.became")} />
          <ins>{valueWords(field.after)}</ins>
        </span>
      ))}
    </span>
  );
}
