/** What paints a scene: a brush, the look of things, and the shapes that all of them are made of. */
import type { Box, ItemKey } from "../../model/layout/boxes";
import type { NodeId } from "../../model/document/document";
import { fitted, type Detail } from "./detail";
import type { Mark } from "./marks";
import type { Palette } from "./palette";
import type { SceneNode } from "./scene";

export type Brush = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** All that the look of a scene depends on beside the scene. */
export interface Look {
  readonly palette: Palette;
  readonly font: string;
  readonly nodes: ReadonlySet<NodeId>;
  readonly wires: ReadonlySet<string>;
  readonly scenery: ReadonlySet<ItemKey>;
  readonly hovered: string | null;
  /** Nodes and wires that are in the page: they show themselves. */
  readonly mounted: ReadonlySet<string>;
  readonly markOf: (node: SceneNode) => Mark;
  readonly picturesOf: (node: SceneNode) => readonly CanvasImageSource[];
  /** The width of a text at a size of one. */
  readonly widthOf: (text: string) => number;
}

/** The outline of a box as the current path. */
export function outlined(brush: Brush, { left, top, right, bottom }: Box, radius: number, detail: Detail): void {
  brush.beginPath();
  if (detail.round) brush.roundRect(left, top, right - left, bottom - top, radius);
  else brush.rect(left, top, right - left, bottom - top);
}

/** A title in the current colour, cut to the width of a box and standing at its top: where it ends. */
export function paintTitle(brush: Brush, title: string, { left, right, top }: Box, size: number, look: Look): number {
  const text = fitted(title, look.widthOf(title) * size, right - left);
  if (!text) return left;
  brush.font = `600 ${size}px ${look.font}`;
  brush.fillText(text, left, top + Math.max(0, 21 - size / 2) + size * 0.9);
  return left + look.widthOf(text) * size;
}
