import { useMemo, type MouseEvent } from "react";
import { onGrid } from "../../model/layout/boxes";
import { setKnots } from "../../model/commands";
import { Ports } from "../../model/wires/courses";
import { nearness } from "../../model/wires/wirepath";
import { useStudio, useWorkspace } from "../../state/context";
import { looksOf } from "../../state/moving";
import type { FlowEdge } from "../flow";

/** A double click on a wire, or Alt and a click, ties a knot into it. */
export function useWireHandlers() {
  const { settings } = useStudio();
  const workspace = useWorkspace();
  return useMemo(() => {
    function tie(event: MouseEvent, edge: FlowEdge): void {
      const { documents, types, view } = workspace;
      const wire = documents.graph.wires[edge.id];
      const at = view.getState().canvas?.toCanvas(event.clientX, event.clientY);
      if (!wire || !types || !at) return;
      const { part } = nearness(new Ports(documents.graph, types, looksOf(workspace, settings)).course(wire), at);
      documents.run(setKnots, { wire: edge.id, knots: (wire.knots ?? []).toSpliced(part, 0, [onGrid(at[0]), onGrid(at[1])]) });
    }
    return {
      onEdgeDoubleClick: tie,
      onEdgeClick(event: MouseEvent, edge: FlowEdge): void {
        if (event.altKey) tie(event, edge);
      },
    };
  }, [workspace, settings]);
}
