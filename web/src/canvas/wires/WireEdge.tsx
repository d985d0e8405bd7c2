import { BaseEdge, type ConnectionLineComponentProps, type EdgeProps } from "@xyflow/react";
import { memo, useEffect, useMemo } from "react";
import { useShallow } from "zustand/react/shallow";
import type { Point } from "../../model/document/document";
import { pathOf, wireCurves } from "../../model/wires/wirepath";
import { useGraph, useView, useWorkspace } from "../../state/context";
import { colorOf } from "../../ui/PortShape";
import type { AnyNode, FlowEdge } from "../flow";
import { Knot } from "./Knot";
import styles from "./Wire.module.css";

const NO_KNOTS: readonly Point[] = [];

/** A wire in the colour of its source, through its knots; it fades when it has nothing to do with the selection. */
export const WireEdge = memo(function WireEdge(props: EdgeProps<FlowEdge>) {
  const { id, source, target, sourceX, sourceY, targetX, targetY, data, selected = false } = props;
  const looks = useView(
    useShallow(({ nodes, target: goal }) => ({
      related: nodes.has(source) || nodes.has(target),
      unrelated: nodes.size > 0 && !nodes.has(source) && !nodes.has(target),
      goal: goal === id,
    })),
  );
  const knots = useKnots(id);
  const path = useMemo(
    () => pathOf(wireCurves([sourceX, sourceY], knots, [targetX, targetY])),
    [sourceX, sourceY, targetX, targetY, knots],
  );
  const color = colorOf(data?.type ?? "*");
  return (
    <g data-wire={id}>
      <BaseEdge
        path={path}
        interactionWidth={18}
        className={`${styles["wire"]} ${looks.goal ? styles["target"] : ""}`}
        style={{
          stroke: color,
          strokeWidth: selected || looks.goal ? 3 : looks.related ? 2.25 : 1.75,
          // Opacity of the path itself would make each wire a layer of its own while the view moves.
          strokeOpacity: looks.unrelated && !selected && !looks.goal ? 0.32 : 0.92,
        }}
      />
      {knots.map((at, index) => (
        <Knot key={index} wire={id} index={index} at={at} color={color} large={selected} />
      ))}
    </g>
  );
});

/** The knots of a wire, where they are while they or their nodes are dragged. */
function useKnots(id: string): readonly Point[] {
  const knots = useGraph(({ wires }) => wires[id]?.knots) ?? NO_KNOTS;
  const dragged = useView(({ knot }) => (knot?.wire === id ? knot : null));
  const by = useView(({ carried }) => (carried?.wires.has(id) ? carried.by : null));
  return useMemo(() => {
    if (dragged) return knots.map((knot, index) => (index === dragged.index ? dragged.at : knot));
    return by ? knots.map(([x, y]): Point => [x + by[0], y + by[1]]) : knots;
  }, [knots, dragged, by]);
}

/** The wire being drawn. */
export function DrawnWire({ fromX, fromY, toX, toY, connectionStatus, fromHandle }: ConnectionLineComponentProps<AnyNode>) {
  const { view } = useWorkspace();
  const type = useView(({ connecting }) => connecting?.type ?? "*");
  const refused = connectionStatus === "invalid";
  const backwards = fromHandle.type === "target";
  const ends: [Point, Point] = backwards ? [[toX, toY], [fromX, fromY]] : [[fromX, fromY], [toX, toY]];
  const color = refused ? "var(--error)" : colorOf(type);

  // Away from all ports nothing is refused any more.
  useEffect(() => {
    if (connectionStatus === null && view.getState().refusal) view.setState({ refusal: "" });
  }, [connectionStatus, view]);

  return (
    <g>
      <path d={pathOf(wireCurves(ends[0], NO_KNOTS, ends[1]))} fill="none" stroke={color} strokeWidth={2} />
      <circle cx={toX} cy={toY} r={4} fill={color} />
    </g>
  );
}
