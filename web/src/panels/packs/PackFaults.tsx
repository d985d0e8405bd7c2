import { t } from "../../i18n/text";
import type { PackRecord } from "../../runtime/wire.gen";
import { Button } from "../../ui/Button";
import styles from "./Packs.module.css";

interface Props {
  pack: PackRecord;
  /** Try to load it again. */
  again: () => void;
}

/** Why a pack is not there, or which of its nodes are not, and why. */
export function PackFaults({ pack, again }: Props) {
  const { failures, loaded } = pack;
  if (failures.length === 0) return null;
  return loaded ? <Refused pack={pack} /> : <Lost pack={pack} again={again} />;
}

function Lost({ pack, again }: Props) {
  return (
    <div className={styles["fault"]}>
      {pack.failures.map(({ error, traceback }) => (
        <div key={error}>
          <p>{error}</p>
          {traceback && (
            <details className={styles["more"]}>
              <summary>{t("packs.trace")}</summary>
              {/* A long one is scrolled by keyboard too. */}
              {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
              <pre tabIndex={0} aria-label={t("packs.trace")}>
                {traceback}
              </pre>
            </details>
          )}
        </div>
      ))}
      {pack.on && pack.settled && (
        <Button onClick={again}>{t("packs.again")}</Button>
      )}
    </div>
  );
}

/** Nodes that cannot be ours; the others work. */
function Refused({ pack: { failures } }: { pack: PackRecord }) {
  return (
    <details className={`${styles["more"]} ${styles["refused"]}`}>
      <summary>{t("packs.refused", { count: failures.length })}</summary>
      <ul>
        {failures.map(({ error }) => (
          <li key={error}>{error}</li>
        ))}
      </ul>
    </details>
  );
}
