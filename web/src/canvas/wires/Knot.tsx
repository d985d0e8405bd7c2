import { useReactFlow } from "@xyflow/react";
import { useRef, type KeyboardEvent, type PointerEvent } from "react";
import { onGrid } from "../../model/layout/boxes";
import { setKnots } from "../../model/commands";
import type { Point } from "../../model/document/document";
import { GRID } from "../../model/layout/geometry";
import { useWorkspace } from "../../state/context";
import { t } from "../../i18n/text";
import styles from "./Wire.module.css";

interface Props {
  wire: string;
  index: number;
  at: Point;
  color: string;
  large: boolean;
}

const STEPS: Readonly<Record<string, Point>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/** With Shift an arrow key goes further. */
const FAR = 4;
/** Presses that follow each other within this time are one undo step. */
const BURST_MS = 1000;

/**
 * A point that a wire passes through: drag it, or move it with arrow keys; a double click, Alt and a
 * click, or Delete takes it away.
 */
export function Knot({ wire, index, at: [x, y], color, large }: Props) {
  const { documents, view } = useWorkspace();
  const flow = useReactFlow();
  const gesture = useGesture(`knot:${wire}:${index}`);
  const knots = (): readonly Point[] => documents.graph.wires[wire]?.knots ?? [];
  const remove = (): void => documents.run(setKnots, { wire, knots: knots().filter((_, other) => other !== index) });
  const put = (at: Point, name?: string): void =>
    documents.run(setKnots, { wire, knots: knots().map((old, other) => (other === index ? at : old)) }, name);

  function press(event: PointerEvent<SVGCircleElement>): void {
    if (event.button !== 0) return;
    event.stopPropagation();
    if (event.altKey) remove();
    else event.currentTarget.setPointerCapture(event.pointerId);
  }

  function move(event: PointerEvent<SVGCircleElement>): void {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const place = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
    const at: Point = event.altKey ? [place.x, place.y] : [onGrid(place.x), onGrid(place.y)];
    view.setState({ knot: { wire, index, at } });
  }

  function drop(): void {
    const { knot } = view.getState();
    view.setState({ knot: null });
    if (knot) put(knot.at);
  }

  function key(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    if (step) {
      const by = (GRID / 2) * (event.shiftKey ? FAR : 1);
      put([x + step[0] * by, y + step[1] * by], gesture());
    } else if (event.key === "Delete" || event.key === "Backspace") remove();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <>
      <circle className={styles["knot"]} cx={x} cy={y} r={large ? 6 : 4.5} fill={color} />
      <circle
        className={`${styles["grab"]} nopan nodrag`}
        cx={x}
        cy={y}
        r={11}
        role="button"
        tabIndex={0}
        aria-label={t("wire.knotNumber", { number: index + 1 })}
        data-knot={index}
        onKeyDown={key}
        onPointerDown={press}
        onMouseDown={(event) => event.stopPropagation()}
        onPointerMove={move}
        onPointerUp={drop}
        onPointerCancel={() => view.setState({ knot: null })}
        onClick={(event) => event.stopPropagation()}
        onDoubleClick={(event) => {
          event.stopPropagation();
          remove();
        }}
      >
        <title>{t("wire.knot")}</title>
      </circle>
    </>
  );
}

/** The name of the undo step that a key press belongs to. */
function useGesture(what: string): () => string {
  const last = useRef({ name: "", at: 0 });
  return () => {
    const now = Date.now();
    last.current = { name: now - last.current.at < BURST_MS ? last.current.name : `${what}:${now}`, at: now };
    return last.current.name;
  };
}
