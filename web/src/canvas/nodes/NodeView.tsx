import type { NodeProps } from "@xyflow/react";
import { memo, useState } from "react";
import { isBorder } from "../../model/subgraphs/border";
import type { Point } from "../../model/document/document";
import { GRID } from "../../model/layout/geometry";
import { useGraph, useView } from "../../state/context";
import type { FlowNode } from "../flow";
import styles from "./Node.module.css";
import { InnerProblems } from "./InnerProblems";
import { NodeFooter } from "./NodeFooter";
import { NodeHeader } from "./NodeHeader";
import { NodePicture } from "./NodePicture";
import { NodePorts } from "./NodePorts";
import { NodeProblems } from "./NodeProblems";
import { NodeSentence } from "./NodeSentence";
import { StepPreview } from "./StepPreview";
import { NodeToolbar } from "./NodeToolbar";
import { ResizeGrip } from "../scenery/ResizeGrip";
import { useNodeState } from "./useNodeState";

const SMALLEST: Point = [7 * GRID, 2 * GRID];

/** A node: title and state, ports, widgets, picture, footer; all placed by its layout. */
export const NodeView = memo(function NodeView({ id, data, selected }: NodeProps<FlowNode>) {
  const { layout, spec, known } = data;
  const state = useNodeState(id, known);
  const mode = useGraph((graph) => graph.nodes[id]?.mode);
  const [pointed, setPointed] = useState(false);
  const alone = useView(({ nodes }) => nodes.size === 1 && nodes.has(id));
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
      <NodeHeader id={id} spec={spec} state={state} />
      <NodePorts id={id} layout={layout} />
      {layout.sentence && <NodeSentence spec={spec} place={layout.sentence} />}
      {layout.picture && <NodePicture id={id} spec={spec} place={layout.picture} />}
      {layout.picture && <NodeFooter id={id} />}
      {!layout.picture && !layout.collapsed && <StepPreview id={id} spec={spec} layout={layout} />}
      <NodeProblems id={id} selected={selected} />
      <InnerProblems id={id} />
      {(pointed || alone) && !isBorder(id) && <NodeToolbar id={id} />}
      {(pointed || selected) && !layout.collapsed && <ResizeGrip item={id} smallest={SMALLEST} position="bottom-right" />}
    </div>
  );
});
