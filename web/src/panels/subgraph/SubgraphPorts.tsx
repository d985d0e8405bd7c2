import { ArrowDown, ArrowUp, X } from "lucide-react";
import { fedBy, handedOut, isBorder } from "../../model/subgraphs/border";
import { movePort, removePort, renamePort, renameSubgraph, type PortSide } from "../../model/commands";
import { wireKey, type NodeId, type SubgraphPort } from "../../model/document/document";
import { instancesOf } from "../../model/subgraphs/uses";
import { useDocument, useGraph, useNodeTypes, useWorkspace } from "../../state/context";
import { publish } from "../../state/subgraphs";
import { Button, IconButton } from "../../ui/Button";
import { portLabel } from "../../ui/format";
import { PortShape } from "../../ui/PortShape";
import { t } from "../../i18n/text";
import panel from "../Panel.module.css";
import styles from "./Subgraph.module.css";

interface Props {
  definition: string;
  name: string;
  /** The one node that is selected, if it is inside and its ports can be published. */
  publishable: NodeId | undefined;
  hinted: boolean;
}

/** A subgraph's name and its ports; how to publish more of them. */
export function SubgraphPorts({ definition, name, publishable, hinted }: Props) {
  return (
    <section className={`${panel["section"]} ${styles["subgraph"]}`} aria-label={t("subgraph.panel", { name })}>
      <Name definition={definition} />
      <Ports definition={definition} side="inputs" />
      <Ports definition={definition} side="outputs" />
      {publishable !== undefined && <PortsOf node={publishable} />}
      {hinted && <p className={panel["quiet"]}>{t("subgraph.publishHint")}</p>}
    </section>
  );
}

function Name({ definition }: { definition: string }) {
  const { documents } = useWorkspace();
  const name = useDocument(({ subgraphs }) => subgraphs[definition]?.name ?? "");
  const count = useDocument((document) => instancesOf(document, definition).length);
  return (
    <>
      <Entry
        label={t("subgraph.name")}
        value={name}
        className={styles["name"] ?? ""}
        commit={(wanted) => documents.run(renameSubgraph, { definition, name: wanted })}
      />
      <p className={panel["quiet"]}>{t("subgraph.uses", { count })}</p>
    </>
  );
}

function Ports({ definition, side }: { definition: string; side: PortSide }) {
  const ports = useDocument(({ subgraphs }) => subgraphs[definition]?.[side] ?? NO_PORTS);
  return (
    <>
      <h3 className={styles["heading"]}>{t(side === "inputs" ? "subgraph.inputs" : "subgraph.outputs")}</h3>
      {ports.length === 0 && <p className={panel["quiet"]}>{t("subgraph.none")}</p>}
      <ul className={styles["ports"]}>
        {ports.map((port, place) => (
          <PortRow key={port.id} definition={definition} side={side} port={port} first={place === 0} last={place === ports.length - 1} />
        ))}
      </ul>
    </>
  );
}

const NO_PORTS: readonly SubgraphPort[] = [];

interface RowProps {
  definition: string;
  side: PortSide;
  port: SubgraphPort;
  first: boolean;
  last: boolean;
}

function PortRow({ definition, side, port, first, last }: RowProps) {
  const { documents } = useWorkspace();
  const types = useNodeTypes();
  const wired = useDocument(({ subgraphs }) => {
    const subgraph = subgraphs[definition];
    if (!subgraph) return false;
    return side === "inputs" ? fedBy(subgraph, port.id).length > 0 : handedOut(subgraph, port.id) !== undefined;
  });
  const spec = types?.spec(`subgraph:${definition}`);
  const type = spec?.[side].find(({ name }) => name === port.id)?.type ?? port.type;
  const { name } = port;
  const at = { definition, side, port: port.id };
  return (
    <li className={styles["port"]}>
      <PortShape type={type} wired={wired} size={10} />
      <Entry
        label={t("subgraph.portName", { name })}
        value={name}
        className={styles["portName"] ?? ""}
        commit={(wanted) => documents.run(renamePort, { ...at, name: wanted })}
      />
      <span className={styles["type"]} title={wired ? undefined : t(side === "inputs" ? "subgraph.unfed" : "subgraph.unwired")}>
        {wired ? type : t(side === "inputs" ? "subgraph.unfed" : "subgraph.unwired")}
      </span>
      <IconButton className={styles["act"] ?? ""} label={t("subgraph.up", { name })} disabled={first} onClick={() => documents.run(movePort, { ...at, by: -1 })}>
        <ArrowUp size={12} />
      </IconButton>
      <IconButton className={styles["act"] ?? ""} label={t("subgraph.down", { name })} disabled={last} onClick={() => documents.run(movePort, { ...at, by: 1 })}>
        <ArrowDown size={12} />
      </IconButton>
      <IconButton className={styles["act"] ?? ""} label={t("subgraph.removePort", { name })} onClick={() => documents.run(removePort, at)}>
        <X size={12} />
      </IconButton>
    </li>
  );
}

/** The ports of a node inside that could be on the border. */
function PortsOf({ node }: { node: NodeId }) {
  const workspace = useWorkspace();
  const type = useGraph((graph) => graph.nodes[node]?.type ?? "");
  const spec = useNodeTypes()?.spec(type);
  const title = useGraph((graph) => graph.nodes[node]?.title);
  const wires = useGraph((graph) => graph.wires);
  if (!spec) return null;
  const inputs = spec.inputs.filter(({ name }) => !(wireKey([node, name]) in wires));
  const leaving = new Set(Object.values(wires).flatMap(({ from, to }) => (from[0] === node && isBorder(to[0]) ? [from[1]] : [])));
  const outputs = spec.outputs.filter(({ name }) => !leaving.has(name));
  if (inputs.length + outputs.length === 0) return null;
  const row = (side: PortSide, port: (typeof inputs)[number] | (typeof outputs)[number]) => (
    <li key={`${side} ${port.name}`} className={styles["port"]}>
      <PortShape type={port.type} size={10} />
      <span className={styles["portName"]}>{portLabel(port)}</span>
      <Button look="quiet" onClick={() => publish(workspace, side, [node, port.name])}>{t("subgraph.publish")}</Button>
    </li>
  );
  return (
    <>
      <h3 className={styles["heading"]}>{t("subgraph.fields", { name: title ?? spec.title })}</h3>
      <ul className={styles["ports"]}>
        {inputs.map((port) => row("inputs", port))}
        {outputs.map((port) => row("outputs", port))}
      </ul>
    </>
  );
}

interface EntryProps {
  label: string;
  value: string;
  className: string;
  commit: (text: string) => void;
}

/** A line that is taken over when it is left; Escape leaves it as it was. */
function Entry({ label, value, className, commit }: EntryProps) {
  return (
    <input
      key={value}
      className={className}
      defaultValue={value}
      aria-label={label}
      spellCheck={false}
      onBlur={(event) => {
        const wanted = event.target.value.trim();
        if (wanted && wanted !== value) commit(wanted);
        else event.target.value = value;
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") event.currentTarget.value = value;
        if (event.key === "Enter" || event.key === "Escape") {
          event.stopPropagation();
          event.currentTarget.blur();
        }
      }}
    />
  );
}
