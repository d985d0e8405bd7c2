import { Handle, Position, useStore, type NodeProps } from "@xyflow/react";
import { memo, useState } from "react";
import { wireKey } from "../model/document";
import { useGraph, useWorkspace } from "../state/context";
import type { FlowNode } from "./flow";
import styles from "./Node.module.css";
import { NodeFooter } from "./NodeFooter";
import { NodeHeader } from "./NodeHeader";
import { NodePicture } from "./NodePicture";
import { NodePorts } from "./NodePorts";
import { NodeProblems } from "./NodeProblems";
import { NodeSentence } from "./NodeSentence";
import { NodeToolbar } from "./NodeToolbar";
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
  const mode = useGraph((graph) => graph.nodes[id]?.mode);
  const [pointed, setPointed] = useState(false);
  const looks = [
    styles["node"],
    selected && styles["selected"],
    state.kind === "running" && styles["running"],
    state.kind === "error" && styles["failed"],
    layout.collapsed && styles["collapsed"],
    !known && styles["unknown"],
    mode && styles[mode],
  ];
  return (
    <div
      className={looks.filter(Boolean).join(" ")}
      data-state={state.kind}
      onPointerEnter={() => setPointed(true)}
      onPointerLeave={() => setPointed(false)}
    >
      <NodeHeader id={id} fallback={spec.title} state={state} />
      <NodePorts id={id} layout={layout} />
      {layout.sentence && <NodeSentence spec={spec} place={layout.sentence} />}
      {layout.picture && <NodePicture id={id} spec={spec} place={layout.picture} />}
      {layout.picture && <NodeFooter id={id} />}
      <NodeProblems id={id} selected={selected} />
      {(pointed || selected) && <NodeToolbar id={id} />}
    </div>
  );
}
