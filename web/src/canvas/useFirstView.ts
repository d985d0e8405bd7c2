import { getViewportForBounds, type Viewport } from "@xyflow/react";
import { useLayoutEffect, useState, type RefObject } from "react";
import type { Box } from "../model/layout/boxes";
import { useWorkspace } from "../state/context";
import { boundsOf } from "./overview/scene";
import type { Scenes } from "./overview/scenes";
import { LEAST_ZOOM } from "./overview/view";

/** Room around what is shown as a whole; on a wide surface nothing of it lies under the tools at the left. */
const PADDING = "5%";
const BESIDE_TOOLS = "64px";
const WIDE = 600;
const ORIGIN: Viewport = { x: 0, y: 0, zoom: 1 };

/** The view that shows a part of the canvas on a surface of so many pixels, no larger than `most`. */
export function viewOf({ left, top, right, bottom }: Box, width: number, height: number, most: number): Viewport {
  const bounds = { x: left, y: top, width: right - left, height: bottom - top };
  const padding = { x: PADDING, y: PADDING, left: width > WIDE ? BESIDE_TOOLS : PADDING } as const;
  return getViewportForBounds(bounds, width, height, LEAST_ZOOM, most, padding);
}

/**
 * What a canvas shows at first: what it showed when it was left, else the whole graph if that can be
 * drawn. `null` until the surface has a size, before anything is painted: whoever points at once
 * points at what will stay there.
 */
export function useFirstView(surface: RefObject<HTMLElement | null>, scenes: Scenes, drawable: boolean): Viewport | null {
  const { view } = useWorkspace();
  const [first, setFirst] = useState(() => view.getState().viewport);
  useLayoutEffect(() => {
    if (first || !surface.current) return;
    const { width, height } = surface.current.getBoundingClientRect();
    const bounds = drawable ? boundsOf(scenes.now()) : null;
    const found = bounds ? viewOf(bounds, width, height, 1) : ORIGIN;
    if (drawable) view.setState({ viewport: found, zoom: found.zoom });
    // A size is known only once the surface is laid out.
    // oxlint-disable-next-line react/set-state-in-effect
    setFirst(found);
  }, [first, surface, scenes, drawable, view]);
  return first;
}
