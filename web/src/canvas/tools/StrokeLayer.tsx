import { useEffect, useMemo, type PointerEvent, type MouseEvent, type RefObject } from "react";
import type { Point } from "../../model/document/document";
import { useStudio, useWorkspace } from "../../state/context";
import type { Studio } from "../../state/studio";
import { sayChosen } from "../../state/chosen";
import { say } from "../../state/view";
import type { Workspace } from "../../state/workspace";
import { t } from "../../i18n/text";
import { Choosing, cut, type Stroke } from "./strokes";
import styles from "./StrokeLayer.module.css";

interface Drawing {
  readonly stroke: Stroke;
  readonly pointer: number;
  /** On the screen, from the surface's corner. */
  readonly line: Point[];
  readonly choosing: Choosing | null;
}

/** Nearer than this to where it was pressed, the pointer has not moved. */
const STILL = 3;

/** Boxes, lassos and knives drawn over the canvas, before xyflow hears of them. */
export function useStrokes(surface: RefObject<HTMLDivElement | null>, mark: RefObject<SVGPathElement | null>) {
  const studio = useStudio();
  const workspace = useWorkspace();
  const strokes = useMemo(() => new Strokes(studio, workspace, surface, mark), [studio, workspace, surface, mark]);

  useEffect(() => {
    const escape = (event: KeyboardEvent): void => {
      if (event.key === "Escape" && strokes.cancel()) event.stopPropagation();
    };
    addEventListener("keydown", escape, true);
    return () => removeEventListener("keydown", escape, true);
  }, [strokes]);

  return useMemo(
    () => ({
      onPointerDownCapture: (event: PointerEvent) => strokes.press(event),
      onMouseDownCapture: (event: MouseEvent) => strokes.drawing && event.stopPropagation(),
      onPointerMoveCapture: (event: PointerEvent) => strokes.move(event),
      onPointerUpCapture: (event: PointerEvent) => strokes.release(event),
      onPointerCancelCapture: () => strokes.cancel(),
    }),
    [strokes],
  );
}

class Strokes {
  readonly #studio: Studio;
  readonly #workspace: Workspace;
  readonly #surface: RefObject<HTMLDivElement | null>;
  readonly #mark: RefObject<SVGPathElement | null>;
  #drawing: Drawing | null = null;

  constructor(studio: Studio, workspace: Workspace, surface: RefObject<HTMLDivElement | null>, mark: RefObject<SVGPathElement | null>) {
    this.#studio = studio;
    this.#workspace = workspace;
    this.#surface = surface;
    this.#mark = mark;
  }

  get drawing(): boolean {
    return this.#drawing !== null;
  }

  press(event: PointerEvent): void {
    const stroke = this.#strokeOf(event);
    if (!stroke || !event.isPrimary) return;
    event.stopPropagation();
    this.#surface.current?.setPointerCapture(event.pointerId);
    const choosing = stroke === "knife" ? null : new Choosing(this.#workspace, this.#studio.settings, event.shiftKey);
    this.#drawing = { stroke, pointer: event.pointerId, line: [this.#place(event)], choosing };
  }

  move(event: PointerEvent): void {
    const drawing = this.#drawing;
    if (drawing?.pointer !== event.pointerId) return;
    event.stopPropagation();
    const { stroke, line, choosing } = drawing;
    const here = this.#place(event);
    const [first = here] = line;
    if (stroke === "box") line.splice(1, 1, here);
    else line.push(here);
    this.#draw(drawing);
    if (stroke === "box") choosing?.inBox(this.#onCanvas(first), this.#onCanvas(here));
  }

  release(event: PointerEvent): void {
    const drawing = this.#drawing;
    if (drawing?.pointer !== event.pointerId) return;
    event.stopPropagation();
    this.cancel();
    const { stroke, line, choosing } = drawing;
    const { view } = this.#workspace;
    if (line.every((point) => distance(point, line[0] ?? point) < STILL)) {
      view.setState({ nodes: new Set(), wires: new Set(), scenery: new Set(), adding: null });
      return;
    }
    const onCanvas = line.map((point) => this.#onCanvas(point));
    if (stroke === "lasso") choosing?.inLine(onCanvas);
    if (stroke === "knife") say(view, t("wire.cut", { count: cut(this.#workspace, this.#studio.settings, onCanvas) }));
    else sayChosen(view);
  }

  /** Whether there was something to cancel. */
  cancel(): boolean {
    const { view } = this.#workspace;
    const was = this.#drawing !== null || view.getState().tool !== "pointer";
    this.#drawing = null;
    if (was) view.setState({ tool: "pointer" });
    this.#mark.current?.removeAttribute("d");
    return was;
  }

  /** What pressing here begins to draw; nothing on nodes and wires, unless a tool was taken. */
  #strokeOf(event: PointerEvent): Stroke | null {
    const { tool } = this.#workspace.view.getState();
    const target = event.target as Element;
    if (event.button !== 0 || !target.closest(".react-flow__renderer, [data-overview]")) return null;
    if (tool !== "pointer") return tool;
    if (!target.closest(".react-flow__pane, [data-overview]") || target.closest(".react-flow__node, .react-flow__edge")) return null;
    if (event.ctrlKey || event.metaKey || event.altKey) return "knife";
    const boxes = this.#studio.settings.getState().leftDrag === "select" && event.pointerType !== "touch";
    return event.shiftKey || boxes ? "box" : null;
  }

  #place({ clientX, clientY }: PointerEvent): Point {
    const box = this.#surface.current?.getBoundingClientRect();
    return [clientX - (box?.left ?? 0), clientY - (box?.top ?? 0)];
  }

  #onCanvas([x, y]: Point): Point {
    const box = this.#surface.current?.getBoundingClientRect();
    const { canvas } = this.#workspace.view.getState();
    return canvas?.toCanvas(x + (box?.left ?? 0), y + (box?.top ?? 0)) ?? [x, y];
  }

  /** Drawn past React: a stroke costs one attribute per move. */
  #draw({ stroke, line }: Drawing): void {
    const [[ax, ay] = [0, 0], [bx, by] = [ax, ay]] = line;
    const path = stroke === "box" ? `M${ax} ${ay}H${bx}V${by}H${ax}Z` : `M${line.map((point) => point.join(" ")).join("L")}${stroke === "lasso" ? "Z" : ""}`;
    this.#mark.current?.setAttribute("d", path);
    this.#mark.current?.setAttribute("class", styles[stroke] ?? "");
  }
}

function distance([ax, ay]: Point, [bx, by]: Point): number {
  return Math.hypot(bx - ax, by - ay);
}
