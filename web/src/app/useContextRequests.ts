import { useMemo, useRef, type MouseEvent, type PointerEvent } from "react";
import type { Point } from "../model/document";
import { useStudio } from "../state/context";
import { choose, select, type Hit } from "../state/view";
import type { Studio } from "../state/studio";
import { isField } from "./fields";

/** A press of the right button that goes further than this drags the canvas, and asks for no menu. */
const STILL = 5;

/**
 * Right clicks, long presses and the menu key on the canvas ask for the menu of what is there, which
 * is selected first. Fields keep the browser's own menu.
 */
export function useContextRequests() {
  const studio = useStudio();
  const held = useRef<{ readonly from: Point; asked: boolean } | null>(null);
  return useMemo(
    () => ({
      onPointerDownCapture({ button, clientX, clientY }: PointerEvent): void {
        held.current = button === 2 ? { from: [clientX, clientY], asked: false } : null;
      },
      onContextMenuCapture(event: MouseEvent): void {
        if (isField(event.target) || !inCanvas(event.target)) return;
        event.preventDefault();
        // Some systems ask when the button goes down: whether it drags is only known later.
        if (held.current) held.current.asked = true;
        else ask(studio, [event.clientX, event.clientY]);
      },
      onPointerUpCapture({ button, clientX, clientY }: PointerEvent): void {
        if (button !== 2 || !held.current) return;
        const { from, asked } = held.current;
        held.current = null;
        if (asked && Math.hypot(clientX - from[0], clientY - from[1]) <= STILL) ask(studio, from);
      },
    }),
    [studio],
  );
}

function inCanvas(target: EventTarget): boolean {
  return target instanceof Element && target.closest("[data-document]") !== null;
}

function ask(studio: Studio, at: Point): void {
  const hit = studio.view.getState().canvas?.hit(...at) ?? null;
  if (hit) selectFor(studio, hit);
  studio.ui.setState({ menu: { on: hit?.kind ?? "canvas", at } });
}

/** The menu is for the whole selection, if what was pointed at is part of it. */
function selectFor({ view }: Studio, { kind, id }: Hit): void {
  const { nodes, wires } = view.getState();
  if (kind === "node" && !nodes.has(id)) select(view, [id]);
  if (kind === "wire" && !wires.has(id)) view.setState({ nodes: new Set(), scenery: new Set(), wires: new Set([id]) });
  if (kind === "frame" || kind === "note") choose(view, id, false);
}
