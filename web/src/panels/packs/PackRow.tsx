import { useEffect, useId, useRef } from "react";
import { t } from "../../i18n/text";
import type { PackRecord } from "../../runtime/wire.gen";
import { usePacks, useRuntime, useStudio } from "../../state/context";
import { Button } from "../../ui/Button";
import { bytes, moment, seconds } from "../../ui/format";
import { PackFaults } from "./PackFaults";
import styles from "./Packs.module.css";

/** One pack: its switch, how it is, and what it has. */
export function PackRow({ pack }: { pack: PackRecord }) {
  const { packs } = useStudio();
  const isAsked = usePacks(({ asking }) => asking === pack.name);
  const { name, kind, on } = pack;
  const stateId = useId();
  const control = useRef<HTMLInputElement>(null);
  /** What was pressed goes away: who works by key goes on at the switch. */
  const act = (what: Promise<void>): void => {
    control.current?.focus();
    void what;
  };
  return (
    <li className={styles["pack"]}>
      <div className={styles["head"]}>
        <div className={styles["words"]}>
          <h3 className={styles["name"]}>
            {name} <span className={styles["kind"]}>{t(`packs.kind.${kind}`)}</span>
          </h3>
          <State id={stateId} pack={pack} />
        </div>
        {kind !== "builtin" && (
          <input
            ref={control}
            type="checkbox"
            role="switch"
            aria-label={name}
            aria-checked={on}
            aria-describedby={stateId}
            checked={on}
            onChange={(event) => void packs.turn(pack, event.target.checked)}
          />
        )}
      </div>
      {isAsked && <Consent name={name} answer={(yes) => act(packs.answer(yes))} />}
      {pack.changed && (
        <p className={styles["note"]}>
          {t("packs.changed", { time: moment((pack.since ?? 0) * 1000) })}
          <Button onClick={() => act(packs.turn(pack, true))}>{t("packs.changed.fine")}</Button>
        </p>
      )}
      <PackFaults pack={pack} again={() => act(packs.turn(pack, true))} />
      {pack.nodes.length > 0 && <Nodes pack={pack} />}
    </li>
  );
}

function State({ id, pack }: { id: string; pack: PackRecord }) {
  const isBusy = useRuntime(({ workers }) => workers.some(({ state }) => state === "busy"));
  const { kind, on, loaded, settled, ended } = pack;
  const lost = ended || (on && settled && !loaded);
  return (
    <p id={id} className={`${styles["state"]} ${lost ? styles["lost"] : ""}`}>
      {words()}
    </p>
  );

  function words(): string {
    if (ended) return t("packs.ended");
    if (!settled) return t(isBusy ? "packs.waiting" : on ? "packs.loading" : "packs.leaving");
    if (!on) return t("packs.off");
    if (!loaded) return t("packs.failed");
    return t(kind === "builtin" ? "packs.always" : "packs.on");
  }
}

/** To turn on a pack that was written for another tool is to let its code run; who answers by key starts at "no". */
function Consent({ name, answer }: { name: string; answer: (yes: boolean) => void }) {
  const no = useRef<HTMLButtonElement>(null);
  const words = useId();
  useEffect(() => no.current?.focus(), []);
  return (
    <div className={styles["consent"]} role="group" aria-labelledby={words}>
      <p id={words}>{t("packs.consent", { pack: name })}</p>
      <div className={styles["actions"]}>
        <Button look="primary" onClick={() => answer(true)}>
          {t("packs.consent.yes", { pack: name })}
        </Button>
        <Button ref={no} onClick={() => answer(false)}>
          {t("packs.consent.no")}
        </Button>
      </div>
    </div>
  );
}

/** What a pack has, folded: some have hundreds. */
function Nodes({ pack: { kind, nodes, loaded, size, seconds: took, since } }: { pack: PackRecord }) {
  const facts = [
    kind !== "builtin" && size > 0 && bytes(size),
    loaded && took >= 0.1 && t("packs.took", { seconds: seconds(took) }),
    since !== null && t("packs.since", { time: moment(since * 1000) }),
  ].filter(Boolean);
  return (
    <details className={styles["more"]}>
      <summary>{t(loaded ? "packs.nodes" : "packs.had", { count: nodes.length })}</summary>
      <p className={styles["nodes"]}>{nodes.join(", ")}</p>
      {facts.length > 0 && <p className={styles["state"]}>{facts.join(" · ")}</p>}
    </details>
  );
}
