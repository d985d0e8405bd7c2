import { useEffect, useMemo, type MouseEvent, type PointerEvent, type RefObject, type TouchEvent } from "react";
import { useGraph, useStudio, useView, useWorkspace } from "../../state/context";
import { Moving } from "../../state/moving";
import type { AnyNode, FlowEdge, FlowNode } from "../flow";
import { Pointing } from "./pointing";
import { Scenes } from "./scenes";
import { useFar } from "./useFar";
import { useLongPress } from "./useLongPress";
import { usePinned } from "./usePinned";
import { useShown } from "./useShown";

/** What else wants to hear of pointers on the surface; the overview hears of them first. */
interface Others {
  readonly onPointerDownCapture: (event: PointerEvent) => void;
  readonly onMouseDownCapture: (event: MouseEvent) => void;
  readonly onPointerMoveCapture: (event: PointerEvent) => void;
  readonly onPointerUpCapture: (event: PointerEvent) => void;
  readonly onPointerCancelCapture: () => void;
}

interface Flow {
  readonly nodes: AnyNode[];
  readonly edges: FlowEdge[];
}

/** The painted graph: when it is shown, what is in the page beside it, and how pointers touch it. */
export function useOverview(surface: RefObject<HTMLElement | null>, { nodes, edges }: Flow, others: Others) {
  const studio = useStudio();
  const workspace = useWorkspace();
  const graph = useGraph((all) => all);
  const moved = useView((state) => state.moved);
  const carried = useView((state) => state.carried);
  const far = useFar();
  const scenes = useMemo(() => new Scenes(), []);
  const pointing = useMemo(
    () => new Pointing(workspace, scenes, new Moving(workspace, studio.settings)),
    [workspace, scenes, studio],
  );
  const { pinned, handlers: focus } = usePinned(() => pointing.holds);
  const placed = useMemo(() => nodes.filter((node): node is FlowNode => node.type === "workflow"), [nodes]);
  scenes.update({ graph, placed, moved, carried });
  const shown = useShown({ nodes, edges, scenes, far, pinned });
  const mounted = useMemo(() => new Set(far ? shown.nodes.map(({ id }) => id) : []), [far, shown]);

  useCursor(surface, far, pointing);
  const pointers = usePointers(surface, far, pointing, others);
  return { far, scenes, pointing, shown, mounted, tap: tapped(pointing), handlers: { ...focus, ...pointers } };
}

/** A click that the canvas got, because there was nothing to be dragged: whether it hit something. */
function tapped(pointing: Pointing): (event: MouseEvent) => boolean {
  return ({ clientX, clientY, nativeEvent, shiftKey, ctrlKey, metaKey }) => {
    const touch = (nativeEvent as globalThis.PointerEvent).pointerType === "touch";
    return pointing.tap([clientX, clientY], touch, shiftKey || ctrlKey || metaKey);
  };
}

function usePointers(surface: RefObject<HTMLElement | null>, far: boolean, pointing: Pointing, others: Others) {
  const { view } = useWorkspace();
  const long = useLongPress();
  return useMemo(() => {
    const takes = (event: PointerEvent): boolean => {
      const target = event.target as Element;
      const painted = far && target.closest(".react-flow__pane") && !target.closest(".react-flow__node, .react-flow__edge");
      if (!painted || event.button !== 0 || !event.isPrimary || view.getState().tool !== "pointer") return false;
      const more = event.shiftKey || event.ctrlKey || event.metaKey;
      return pointing.press({ client: [event.clientX, event.clientY], pointer: event.pointerId, touch: event.pointerType === "touch", more });
    };
    return {
      onPointerDownCapture(event: PointerEvent): void {
        long.press(event);
        if (!event.isPrimary) pointing.cancel();
        if (!takes(event)) return others.onPointerDownCapture(event);
        event.stopPropagation();
        surface.current?.setPointerCapture(event.pointerId);
      },
      onMouseDownCapture(event: MouseEvent): void {
        if (pointing.holds) event.stopPropagation();
        else others.onMouseDownCapture(event);
      },
      onTouchStartCapture(event: TouchEvent): void {
        if (pointing.holds) event.stopPropagation();
      },
      onPointerMoveCapture(event: PointerEvent): void {
        long.move(event);
        if (far && (pointing.holds || event.buttons === 0)) pointing.move([event.clientX, event.clientY], event.pointerId, event.altKey);
        if (!pointing.holds) others.onPointerMoveCapture(event);
      },
      onPointerUpCapture(event: PointerEvent): void {
        long.end();
        if (pointing.holds) pointing.release(event.pointerId);
        else others.onPointerUpCapture(event);
      },
      onPointerCancelCapture(): void {
        long.end();
        pointing.cancel();
        others.onPointerCancelCapture();
      },
      onPointerLeave(): void {
        pointing.leave();
      },
      onContextMenuCapture(): void {
        long.end();
      },
      onDoubleClickCapture(event: MouseEvent): void {
        const hit = far ? pointing.at([event.clientX, event.clientY]) : null;
        if (!hit || hit.kind === "wire") return;
        event.stopPropagation();
        view.getState().canvas?.approach(hit.id);
      },
    };
  }, [surface, far, pointing, others, view, long]);
}

/** The pointer's look over painted things, and Escape to let go of them. */
function useCursor(surface: RefObject<HTMLElement | null>, far: boolean, pointing: Pointing): void {
  useEffect(() => {
    const element = surface.current;
    if (!far || !element) return;
    const stop = pointing.watch(() => {
      element.dataset["hovering"] = pointing.hovered ? pointing.hovered.kind : "";
    });
    const escape = (event: KeyboardEvent): void => {
      if (event.key !== "Escape" || !pointing.holds) return;
      pointing.cancel();
      event.stopPropagation();
    };
    addEventListener("keydown", escape, true);
    return () => {
      stop();
      pointing.leave();
      removeEventListener("keydown", escape, true);
      delete element.dataset["hovering"];
    };
  }, [surface, far, pointing]);
}
