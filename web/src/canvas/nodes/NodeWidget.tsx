import { useEffect, useRef } from "react";
import { outputOf, type Port } from "../../model/catalog/catalog";
import type { WidgetPlace } from "../../model/layout/geometry";
import type { Problem } from "../../model/runs/problems";
import { wireKey } from "../../model/document/document";
import { useGraph, useNodeTypes, useView, useWorkspace } from "../../state/context";
import { label, portLabel } from "../../ui/format";
import { t } from "../../i18n/text";
import field from "../../widgets/Field.module.css";
import { tipOf } from "../../widgets/describe";
import { useWidget } from "../../widgets/useWidget";
import { Widget } from "../../widgets/Widget";
import styles from "./Node.module.css";

interface Props {
  node: string;
  place: WidgetPlace;
}

/** A field; or, where a wire gives the value, where that comes from. */
export function NodeWidget({ node, place: { port, asPort } }: Props) {
  const { wired, ...widget } = useWidget(node, port);
  const { view } = useWorkspace();
  const place = useRef<HTMLDivElement>(null);
  const focusing = useView((state) => state.focusing && state.field?.[0] === node && state.field[1] === port.name);
  useEffect(() => {
    if (!focusing) return;
    place.current?.querySelector<HTMLElement>("input, textarea, button")?.focus();
    view.setState({ focusing: false });
  }, [focusing, view]);
  const remember = (): void => view.setState({ field: [node, port.name] });
  const isField = !wired && !asPort;
  return (
    <div ref={place} className={styles["field"]} onFocusCapture={remember} onContextMenuCapture={remember}>
      {isField ? <Widget {...widget} /> : <PortRow node={node} port={port} wired={wired} problem={widget.problem} />}
    </div>
  );
}

function PortRow({ node, port, wired, problem }: { node: string; port: Port; wired: boolean; problem: Problem | null }) {
  return (
    <div className={`${field["field"]} ${field["wired"]} ${problem ? field["wrong"] : ""}`} data-port={port.name} data-tip={tipOf(port, problem)}>
      <span className={field["label"]}>{portLabel(port)}</span>
      {wired && <Source node={node} port={port.name} />}
    </div>
  );
}

function Source({ node, port }: { node: string; port: string }) {
  const types = useNodeTypes();
  const words = useGraph(({ nodes, wires }) => {
    const [id = "", output = ""] = wires[wireKey([node, port])]?.from ?? [];
    const source = nodes[id];
    const spec = types?.spec(source?.type ?? "");
    const title = source?.title ?? spec?.title ?? source?.type ?? id;
    const found = outputOf(spec, output);
    return (spec?.outputs.length ?? 0) > 1 ? `${title} · ${found ? portLabel(found) : label(output)}` : title;
  });
  return (
    <span className={field["tag"]} title={t("field.wiredFrom", { source: words })}>
      {words}
    </span>
  );
}
