import { Handle, Position, useStore, type NodeProps } from "@xyflow/react";
import { memo } from "react";
import { wireKey } from "../model/document";
import { setNodeField } from "../model/commands";
import { Widget } from "../widgets/Widget";
import { useWidget } from "../widgets/useWidget";
import { useGraph, useNodeRun, useView, useWorkspace } from "../state/context";
import { portLabel } from "../ui/format";
import { t } from "../i18n/text";
import field from "../widgets/Field.module.css";
import type { FlowNode } from "./flow";
import styles from "./Node.module.css";
import { NodeFooter } from "./NodeFooter";
import { NodePicture } from "./NodePicture";
import { NodeProblems } from "./NodeProblems";
import { PortHandle } from "./PortHandle";
import { useNodeState } from "./useNodeState";

/** Below this zoom texts are smaller than about four pixels. */
const READABLE = 0.35;

/** A node: title and state, ports, widgets, picture, footer; all placed by its layout. */
export const NodeView = memo(function NodeView(props: NodeProps<FlowNode>) {
  const far = useStore(({ transform }) => transform[2] < READABLE);
  return far ? <FarNode {...props} /> : <NearNode {...props} />;
});

/** From far away a node is a box with a title: what cannot be read is not drawn. */
function FarNode({ id, data, selected }: NodeProps<FlowNode>) {
  const title = useGraph((graph) => graph.nodes[id]?.title);
  const { kind } = useNodeState(id, data.known);
  const looks = [
    styles["node"],
    styles["far"],
    selected && styles["selected"],
    kind === "running" && styles["running"],
    kind === "error" && styles["failed"],
  ];
  return (
    <div className={looks.filter(Boolean).join(" ")} data-state={kind}>
      <span>{title ?? data.spec.title}</span>
      <WireEnds node={id} layout={data.layout} />
      {data.layout.picture && <NodePicture id={id} spec={data.spec} place={data.layout.picture} />}
    </div>
  );
}

/** xyflow draws only wires whose ends it finds in the page, so they are there, unseen. */
function WireEnds({ node, layout }: { node: string; layout: FlowNode["data"]["layout"] }) {
  const { documents } = useWorkspace();
  const { wires } = documents.graph;
  const inputs = [...layout.inputs, ...layout.widgets].filter(({ port }) => wires[wireKey([node, port.name])]);
  return (
    <>
      {inputs.map(({ port, y }) => (
        <Handle key={port.name} id={port.name} type="target" position={Position.Left} className={styles["end"] ?? ""} style={{ top: y }} />
      ))}
      {layout.outputs.map(({ port, y }) => (
        <Handle key={port.name} id={port.name} type="source" position={Position.Right} className={styles["end"] ?? ""} style={{ top: y }} />
      ))}
    </>
  );
}

function NearNode({ id, data, selected }: NodeProps<FlowNode>) {
  const { layout, spec, known } = data;
  const state = useNodeState(id, known);
  const off = useGraph((graph) => graph.nodes[id]?.mode !== undefined);
  const looks = [
    styles["node"],
    selected && styles["selected"],
    state.kind === "running" && styles["running"],
    state.kind === "error" && styles["failed"],
    !known && styles["unknown"],
    off && styles["off"],
  ];
  return (
    <div className={looks.filter(Boolean).join(" ")} data-state={state.kind}>
      <header className={styles["header"]}>
        <Title id={id} fallback={spec.title} />
        <span className={`${styles["state"]} ${styles[state.look] ?? ""}`} title={state.reason}>
          {state.words}
        </span>
      </header>
      {state.kind === "running" && <ProgressLine id={id} />}
      {layout.inputs.map(({ port, y }) => (
        <div key={port.name}>
          <PortHandle node={id} name={port.name} type={port.type} side="input" y={y} />
          <span className={`${styles["portName"]} ${styles["inputName"]}`} style={{ top: y - 8 }} title={port.help}>
            {portLabel(port)}
          </span>
        </div>
      ))}
      {layout.outputs.map(({ port, y }) => (
        <div key={port.name}>
          <PortHandle node={id} name={port.name} type={port.type} side="output" y={y} />
          <span className={`${styles["portName"]} ${styles["outputName"]}`} style={{ top: y - 8 }} title={port.help}>
            {portLabel(port)}
          </span>
        </div>
      ))}
      {layout.widgets.map((place) => (
        <div key={place.port.name}>
          <PortHandle node={id} name={place.port.name} type={place.port.type} side="input" y={place.y} quiet />
          <div className={styles["widget"]} style={{ top: place.top, height: place.height }}>
            <NodeWidget node={id} place={place} />
          </div>
        </div>
      ))}
      {layout.picture && <NodePicture id={id} spec={spec} place={layout.picture} />}
      {layout.picture && <NodeFooter id={id} />}
      <NodeProblems id={id} />
    </div>
  );
}

function NodeWidget({ node, place }: { node: string; place: FlowNode["data"]["layout"]["widgets"][number] }) {
  const { wired, ...widget } = useWidget(node, place.port);
  if (!wired) return <Widget {...widget} />;
  return (
    <div className={`${field["field"]} ${field["wired"]}`}>
      <span className={field["label"]}>{portLabel(place.port)}</span>
      <span className={field["tag"]}>{t("field.wired")}</span>
    </div>
  );
}

/** The node's name; a double click or F2 edits it. */
function Title({ id, fallback }: { id: string; fallback: string }) {
  const { documents, view } = useWorkspace();
  const given = useGraph((graph) => graph.nodes[id]?.title);
  const editing = useView(({ renaming }) => renaming === id);
  if (!editing)
    return (
      <h2 className={styles["title"]} title={given ? fallback : undefined}>
        {given ?? fallback}
      </h2>
    );
  const end = (): void => view.setState({ renaming: null });
  const commit = (text: string): void => {
    const title = text.trim();
    documents.run(setNodeField, { nodes: [id], field: "title", value: title && title !== fallback ? title : undefined });
    end();
  };
  return (
    <input
      className={`${styles["titleInput"]} nodrag`}
      defaultValue={given ?? fallback}
      aria-label={fallback}
      ref={(input) => input?.focus()}
      onFocus={(event) => event.target.select()}
      onBlur={(event) => commit(event.target.value)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter") event.currentTarget.blur();
        if (event.key === "Escape") end();
      }}
    />
  );
}

function ProgressLine({ id }: { id: string }) {
  const part = useNodeRun(id, (run) => (run?.total ? (run.value ?? 0) / run.total : 0));
  return <div className={styles["progress"]} style={{ transform: `scaleX(${part})` }} />;
}
