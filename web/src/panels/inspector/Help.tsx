import { lazy, Suspense } from "react";
import type { NodeSpec, OutputPort, Port } from "../../model/catalog/catalog";
import { useStudio } from "../../state/context";
import { insertExample, openExample } from "../../state/examples";
import { Button } from "../../ui/Button";
import { portLabel } from "../../ui/format";
import { PortShape } from "../../ui/PortShape";
import { t } from "../../i18n/text";
import { defaultOf, rangeOf } from "../../widgets/describe";
import styles from "./Inspector.module.css";

const Markdown = lazy(async () => ({ default: (await import("../../ui/Markdown")).Markdown }));

/** What a node type does, what it takes and gives, and an example that runs. */
export function Help({ spec }: { spec: NodeSpec }) {
  return (
    <div id="node-help" className={styles["help"]} role="region" aria-label={t("inspector.help")} tabIndex={-1}>
      <h3 className={styles["part"]}>{t("inspector.help")}</h3>
      <Suspense fallback={<p>{spec.help.replaceAll("`", "")}</p>}>
        <Markdown text={spec.help} />
      </Suspense>
      <Ports title={t("inspector.inputs")} ports={spec.inputs} />
      <Ports title={t("inspector.outputs")} ports={spec.outputs} />
      <Examples spec={spec} />
      <p className={styles["origin"]}>{[spec.id, spec.pack, spec.version && t("inspector.version", { version: spec.version })].filter(Boolean).join(" · ")}</p>
    </div>
  );
}

function Ports({ title, ports }: { title: string; ports: readonly (Port | OutputPort)[] }) {
  if (ports.length === 0) return null;
  return (
    <>
      <h3 className={styles["part"]}>{title}</h3>
      <dl className={styles["ports"]}>
        {ports.map((port) => (
          <div key={port.name}>
            <dt>
              <PortShape type={port.type} size={9} /> {portLabel(port)}
              <span className={styles["range"]}>{factsOf(port)}</span>
            </dt>
            {port.help && <dd>{port.help.replaceAll("`", "")}</dd>}
          </div>
        ))}
      </dl>
    </>
  );
}

/** Type, range and default: what the name does not say. */
function factsOf(port: Port | OutputPort): string {
  if (!("widget" in port) || !port.widget) {
    const optional = "optional" in port && port.optional ? t("inspector.optional") : "";
    return [port.type === port.name ? "" : port.type, optional].filter(Boolean).join(" · ");
  }
  return [rangeOf(port), defaultOf(port)].filter(Boolean).join(" · ");
}

function Examples({ spec }: { spec: NodeSpec }) {
  const studio = useStudio();
  const notify = (error: Error): void => studio.notify(error.message);
  return (
    <div className={styles["examples"]}>
      <Button onClick={() => void insertExample(studio, spec).catch(notify)}>{t("inspector.insertExample")}</Button>
      <Button onClick={() => void openExample(studio, spec).catch(notify)}>{t("inspector.openExample")}</Button>
    </div>
  );
}
