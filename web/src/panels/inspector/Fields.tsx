import { Unplug } from "lucide-react";
import type { NodeSpec, Port } from "../../model/catalog/catalog";
import { setValue, showPort } from "../../model/commands";
import { wireKey, type Json } from "../../model/document/document";
import { toJson } from "../../model/format/json";
import { isPlaceholder } from "../../model/catalog/placeholder";
import { useGraph, useWorkspace } from "../../state/context";
import { portLabel } from "../../ui/format";
import { t } from "../../i18n/text";
import { useWidget } from "../../widgets/useWidget";
import { Widget } from "../../widgets/Widget";
import styles from "./Inspector.module.css";

/** All values of one node, as on the node; and for each whether it is a port. */
export function NodeFields({ id, spec }: { id: string; spec: NodeSpec }) {
  const fields = spec.inputs.filter((port) => port.widget);
  if (fields.length === 0) return null;
  return (
    <div className={styles["fields"]}>
      {fields.map((port) => (
        <FieldRow key={port.name} id={id} port={port} fixed={isPlaceholder(spec)} />
      ))}
    </div>
  );
}

function FieldRow({ id, port, fixed }: { id: string; port: Port; fixed: boolean }) {
  const { documents, view } = useWorkspace();
  const { wired, ...widget } = useWidget(id, port);
  const shown = useGraph((graph) => graph.nodes[id]?.ports?.includes(port.name) ?? false);
  const isPort = shown || wired;
  const words = t(isPort ? "inspector.asField" : "inspector.asPort", { name: portLabel(port) });
  return (
    <div className={styles["row"]} data-multiline={port.widget?.multiline || undefined} onFocusCapture={() => view.setState({ field: [id, port.name] })}>
      {isPort ? <p className={styles["ported"]}>{t(wired ? "inspector.wired" : "inspector.ported", { name: portLabel(port) })}</p> : <Widget {...widget} />}
      {!fixed && (
        <button
          type="button"
          className={styles["port"]}
          aria-pressed={isPort}
          aria-label={words}
          data-tip={words}
          onClick={() => documents.run(showPort, { node: id, port: port.name, shown: !isPort })}
        >
          <Unplug size={13} />
        </button>
      )}
    </div>
  );
}

/** The values that some nodes of one type have, changed for all at once. */
export function CommonFields({ ids, spec }: { ids: readonly string[]; spec: NodeSpec }) {
  return (
    <div className={styles["fields"]}>
      {spec.inputs
        .filter((port) => port.widget)
        .map((port) => (
          <CommonField key={port.name} ids={ids} port={port} />
        ))}
    </div>
  );
}

function CommonField({ ids, port }: { ids: readonly string[]; port: Port }) {
  const { documents } = useWorkspace();
  const [first = ""] = ids;
  const values = useGraph(({ nodes, wires }) => {
    const open = ids.filter((id) => !(wireKey([id, port.name]) in wires));
    const found = open.map((id) => nodes[id]?.values[port.name] ?? port.default);
    // As text, so that the component is drawn anew only when one of them changes.
    return toJson([open.length, ...new Set(found.map((value) => toJson(value ?? null)))]);
  });
  const value = useGraph(({ nodes }) => nodes[first]?.values[port.name]) ?? port.default;
  const [open = 0, ...different] = JSON.parse(values) as [number, ...string[]];
  if (open === 0) return null;
  const change = (next: Json, gesture?: string): void => {
    const changes = ids.map((node) => ({ node, port: port.name, value: next }));
    documents.run(setValue, changes, gesture && `${ids.join(" ")}:${gesture}`);
  };
  return (
    <div className={styles["row"]} data-multiline={port.widget?.multiline || undefined}>
      <Widget node={first} port={port} value={value} mixed={different.length > 1} problem={null} change={change} />
    </div>
  );
}
