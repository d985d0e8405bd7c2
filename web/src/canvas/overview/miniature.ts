/** The whole graph on a postage stamp: what the small map shows, and where it is pointed at. */
import { around, type Box } from "../../model/layout/boxes";
import type { Point } from "../../model/document/document";
import type { Brush, Look } from "./brush";
import { boundsOf, type Scene, type SceneNode } from "./scene";

/** Places things of the canvas on the map: `(x - left) * scale + shift`. */
export interface Projection {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

const ROOM = 8;

/** Everything and what is seen, in the middle of the map. */
export function projectionOf(all: Box, width: number, height: number): Projection {
  const [wide, high] = [Math.max(1, all.right - all.left), Math.max(1, all.bottom - all.top)];
  const scale = Math.min((width - 2 * ROOM) / wide, (height - 2 * ROOM) / high);
  return { scale, x: (width - wide * scale) / 2 - all.left * scale, y: (height - high * scale) / 2 - all.top * scale };
}

export function onMap([x, y]: Point, { scale, x: left, y: top }: Projection): Point {
  return [x * scale + left, y * scale + top];
}

export function onCanvas([x, y]: Point, { scale, x: left, y: top }: Projection): Point {
  return [(x - left) / scale, (y - top) / scale];
}

/** What the map must show: the graph, and where one is. */
export function mapped(scene: Scene, seen: Box): Box {
  return around([boundsOf(scene) ?? seen, seen]) ?? seen;
}

/** Whether any of the graph is out of sight. */
export function isCutOff(scene: Scene, seen: Box): boolean {
  return [...scene.nodes, ...scene.frames, ...scene.notes].some(({ box }) => !isWithin(box, seen));
}

function isWithin(box: Box, seen: Box): boolean {
  const slack = 0.02 * (seen.right - seen.left);
  return (
    box.left >= seen.left - slack && box.top >= seen.top - slack && box.right <= seen.right + slack && box.bottom <= seen.bottom + slack
  );
}

/** Nodes in grey, the running one in the accent, pictures in their colour; the brush counts in map pixels. */
export function paintMiniature(brush: Brush, scene: Scene, projection: Projection, look: Look): void {
  const { palette } = look;
  const place = (box: Box, least: number): [number, number, number, number] => {
    const [x, y] = onMap([box.left, box.top], projection);
    return [x, y, Math.max(least, (box.right - box.left) * projection.scale), Math.max(least, (box.bottom - box.top) * projection.scale)];
  };
  brush.strokeStyle = palette.color("--line");
  for (const { box } of scene.frames) brush.strokeRect(...place(box, 1));
  brush.fillStyle = palette.color("--raised");
  for (const { box } of scene.notes) brush.fillRect(...place(box, 1));
  for (const node of scene.nodes) {
    brush.fillStyle = palette.color(tokenOf(node, look));
    brush.fillRect(...place(node.box, 1.2));
  }
}

function tokenOf(node: SceneNode, look: Look): string {
  const { kind } = look.markOf(node);
  if (kind === "running") return "--accent";
  if (kind === "error") return "--error";
  if (look.nodes.has(node.id)) return "--text";
  return node.placed.data.layout.picture ? "--type-IMAGE" : "--dim";
}

/** What is out of sight is dimmed, what is seen has a border. */
export function paintSeen(brush: Brush, seen: Box, projection: Projection, size: { width: number; height: number }, { palette }: Look): void {
  const [left, top] = onMap([seen.left, seen.top], projection);
  const [right, bottom] = onMap([seen.right, seen.bottom], projection);
  brush.globalAlpha = 0.55;
  brush.fillStyle = palette.color("--background");
  brush.beginPath();
  brush.rect(0, 0, size.width, size.height);
  brush.rect(left, top, right - left, bottom - top);
  brush.fill("evenodd");
  brush.globalAlpha = 1;
  brush.strokeStyle = palette.color("--muted");
  brush.lineWidth = 1.5;
  brush.strokeRect(left, top, right - left, bottom - top);
}
