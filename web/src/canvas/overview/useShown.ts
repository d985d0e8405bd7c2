import { useStoreApi } from "@xyflow/react";
import { useEffect, useMemo, useState } from "react";
import type { Box } from "../../model/layout/boxes";
import type { AnyNode, FlowEdge } from "../flow";
import type { Scenes } from "./scenes";
import { partIn, windowFor } from "./window";

interface Wanted {
  readonly nodes: readonly AnyNode[];
  readonly edges: readonly FlowEdge[];
  readonly scenes: Scenes;
  readonly far: boolean;
  /** Nodes that must stay in the page. */
  readonly pinned: ReadonlySet<string>;
}

interface Shown {
  readonly nodes: AnyNode[];
  readonly edges: FlowEdge[];
}

const NO_EDGES: FlowEdge[] = [];

/** What of the graph xyflow is given: from afar only what is pinned, else what is near to be seen. */
export function useShown({ nodes, edges, scenes, far, pinned }: Wanted): Shown {
  const window = useWindow();
  const painted = useMemo(() => ({ nodes: nodes.filter(({ id }) => pinned.has(id)), edges: NO_EDGES }), [nodes, pinned]);
  const near = useMemo(() => {
    if (far || !window) return null;
    const { items, wires } = partIn(scenes.now(), window);
    const isGiven = ({ id, selected }: AnyNode): boolean => items.has(id) || selected === true || pinned.has(id);
    return { nodes: nodes.filter(isGiven), edges: edges.filter(({ id }) => wires.has(id)) };
  }, [far, window, scenes, nodes, edges, pinned]);
  return near ?? painted;
}

/** The part of the canvas around what is seen; it changes now and then while the view moves. */
function useWindow(): Box | null {
  const store = useStoreApi();
  const [window, setWindow] = useState<Box | null>(null);
  useEffect(() => {
    const look = (): void => {
      const { transform, width, height } = store.getState();
      const [x, y, zoom] = transform;
      if (width && height) setWindow((old) => windowFor({ x, y, zoom, width, height }, old));
    };
    look();
    return store.subscribe(({ transform, width, height }, before) => {
      if (transform !== before.transform || width !== before.width || height !== before.height) look();
    });
  }, [store]);
  return window;
}
