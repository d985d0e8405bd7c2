import { isBorder } from "../model/border";
import type { NodeSpec, Port } from "../model/catalog";
import { useGraph, useNodeTypes, useView } from "../state/context";
import { portLabel } from "../ui/format";
import { PortShape } from "../ui/PortShape";
import { t } from "../i18n/text";
import styles from "./Inspector.module.css";
import panel from "./Panel.module.css";

/** What is selected, and the help its author wrote. */
export function Inspector() {
  const selected = useView(({ nodes }) => nodes);
  const [id] = selected;
  const node = useGraph((graph) => (id === undefined ? undefined : graph.nodes[id]));
  const spec = useNodeTypes()?.spec(node?.type ?? "");
  if (!node || isBorder(id ?? "")) return null;
  if (selected.size > 1)
    return (
      <section className={panel["section"]}>
        <h2 className={panel["heading"]}>{t("inspector.many", { count: selected.size })}</h2>
      </section>
    );
  return (
    <section className={panel["section"]} aria-label={node.title ?? spec?.title ?? node.type}>
      <h2 className={panel["heading"]}>{node.title ?? spec?.title ?? node.type}</h2>
      {spec ? <Help spec={spec} /> : <p className={panel["quiet"]}>{t("inspector.unknown")}</p>}
    </section>
  );
}

function Help({ spec }: { spec: NodeSpec }) {
  const explained = spec.inputs.filter((port) => port.help);
  return (
    <div className={styles["help"]}>
      {spec.help.split("\n\n").map((paragraph) => (
        <p key={paragraph}>{paragraph.replaceAll("`", "")}</p>
      ))}
      <dl className={styles["ports"]}>
        {explained.map((port) => (
          <div key={port.name}>
            <dt>
              <PortShape type={port.type} size={9} /> {portLabel(port)}
              <span className={styles["range"]}>{rangeOf(port)}</span>
            </dt>
            <dd>{port.help?.replaceAll("`", "")}</dd>
          </div>
        ))}
      </dl>
      <p className={styles["origin"]}>{[spec.id, spec.pack].filter(Boolean).join(" · ")}</p>
    </div>
  );
}

function rangeOf({ widget }: Port): string {
  const { kind, min, max } = widget ?? { kind: "" };
  if (kind !== "int" && kind !== "float") return "";
  if (typeof min !== "number" || typeof max !== "number" || max > 1e6) return "";
  return t("inspector.range", { min, max });
}
