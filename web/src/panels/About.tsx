import { t } from "../i18n/text";
import { useNodeTypes, useRuntime } from "../state/context";
import { Overlay } from "../ui/Overlay";
import styles from "./About.module.css";

/** Which Wirebrush this is, and on what terms. */
export function About() {
  const version = useRuntime(({ system }) => system?.version);
  const workers = useRuntime((state) => state.workers);
  const types = useNodeTypes()?.types().length ?? 0;
  const facts = [
    [t("about.version"), version ?? t("status.offline")],
    [t("about.types"), String(types)],
    [t("about.workers"), workers.map(({ worker }) => worker).join(", ") || t("status.noWorker")],
    [t("about.licence"), "Apache-2.0"],
  ] as const;
  return (
    <Overlay title={t("about.title")} size="small">
      <p className={styles["words"]}>{t("about.text")}</p>
      <dl className={styles["facts"]}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Overlay>
  );
}
