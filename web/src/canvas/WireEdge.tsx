import { BaseEdge, getBezierPath, type ConnectionLineComponentProps, type EdgeProps } from "@xyflow/react";
import { memo } from "react";
import { useView } from "../state/context";
import { colorOf } from "../ui/PortShape";
import type { AnyNode, FlowEdge } from "./flow";

/** A wire in the colour of its source; it fades when it has nothing to do with the selection. */
export const WireEdge = memo(function WireEdge(props: EdgeProps<FlowEdge>) {
  const { source, target, data, selected = false } = props;
  const unrelated = useView(
    ({ nodes }) => nodes.size > 0 && !nodes.has(source) && !nodes.has(target),
  );
  const [path] = getBezierPath({ ...props, curvature: 0.35 });
  return (
    <BaseEdge
      path={path}
      interactionWidth={18}
      style={{
        stroke: colorOf(data?.type ?? "*"),
        strokeWidth: selected ? 3 : 1.75,
        opacity: unrelated && !selected ? 0.32 : 0.9,
      }}
    />
  );
});

/** The wire being drawn. */
export function DrawnWire({ fromX, fromY, toX, toY, fromPosition, toPosition }: ConnectionLineComponentProps<AnyNode>) {
  const type = useView(({ connecting }) => connecting?.type ?? "*");
  const refused = useView(({ refusal }) => refusal !== "");
  const [path] = getBezierPath({
    sourceX: fromX,
    sourceY: fromY,
    sourcePosition: fromPosition,
    targetX: toX,
    targetY: toY,
    targetPosition: toPosition,
    curvature: 0.35,
  });
  const color = refused ? "var(--error)" : colorOf(type);
  return (
    <g>
      <path d={path} fill="none" stroke={color} strokeWidth={2} />
      <circle cx={toX} cy={toY} r={4} fill={color} />
    </g>
  );
}
