import { useMemo, useRef, type MouseEvent, type PointerEvent } from "react";
import { kindOf } from "./commands/view";
import type { Point } from "../model/document/document";
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
        else ask(studio, event.target, [event.clientX, event.clientY]);
      },
      onPointerUpCapture({ button, target, clientX, clientY }: PointerEvent): void {
        if (button !== 2 || !held.current) return;
        const { from, asked } = held.current;
        held.current = null;
        if (asked && Math.hypot(clientX - from[0], clientY - from[1]) <= STILL) ask(studio, target, from);
      },
    }),
    [studio],
  );
}

function inCanvas(target: EventTarget): boolean {
  return target instanceof Element && target.closest("[data-document]") !== null;
}

function ask(studio: Studio, target: EventTarget, at: Point): void {
  const hit = inPage(target) ?? studio.view.getState().canvas?.hit(...at) ?? null;
  if (hit) selectFor(studio, hit);
  studio.ui.setState({ menu: { on: hit?.kind ?? "canvas", at } });
}

/** What an element on the canvas shows; `null` where things are only painted, or nothing is. */
function inPage(target: EventTarget): Hit | null {
  const element = target instanceof Element ? target.closest<HTMLElement>(".react-flow__node, .react-flow__edge") : null;
  const id = element?.dataset["id"];
  if (id === undefined) return null;
  return { kind: element?.matches(".react-flow__edge") ? "wire" : kindOf(id), id };
}

/** The menu is for the whole selection, if what was pointed at is part of it. */
function selectFor({ view }: Studio, { kind, id }: Hit): void {
  const { nodes, wires } = view.getState();
  if (kind === "node" && !nodes.has(id)) select(view, [id]);
  if (kind === "wire" && !wires.has(id)) view.setState({ nodes: new Set(), scenery: new Set(), wires: new Set([id]) });
  if (kind === "frame" || kind === "note") choose(view, id, false);
}
