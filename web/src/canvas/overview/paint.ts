/** Paints a scene as the page shows it, with what can be made out at the zoom it is seen at. */
import { touches, type Box } from "../../model/layout/boxes";
import { colorOf } from "../../ui/PortShape";
import { sceneryTint } from "../../ui/tints";
import { outlined, paintTitle, type Brush, type Look } from "./brush";
import { detailAt, type Detail } from "./detail";
import { paintNode } from "./paintNode";
import type { Scene, SceneWire } from "./scene";
import { seenBox, type Sight } from "./view";

/** Paint what is seen. The brush must be clean, its unit one device pixel. */
export function paintScene(brush: Brush, scene: Scene, sight: Sight, ratio: number, look: Look): void {
  const { x, y, zoom } = sight;
  const detail = detailAt(zoom);
  const seen = seenBox(sight);
  brush.setTransform(ratio * zoom, 0, 0, ratio * zoom, ratio * x, ratio * y);
  brush.textBaseline = "alphabetic";
  for (const frame of scene.frames) if (touches(frame.box, seen)) paintFrame(brush, frame, detail, look);
  for (const note of scene.notes) if (touches(note.box, seen)) paintNote(brush, note, detail, look);
  paintWires(brush, scene.wires, seen, detail, look);
  const shown = scene.nodes.filter(({ id, box }) => touches(box, seen) && !look.mounted.has(id));
  for (const node of shown) if (!look.nodes.has(node.id)) paintNode(brush, node, detail, look);
  for (const node of shown) if (look.nodes.has(node.id)) paintNode(brush, node, detail, look);
}

function paintFrame(brush: Brush, { key, item, box }: Scene["frames"][number], detail: Detail, look: Look): void {
  const { palette } = look;
  const tint = palette.color(sceneryTint(item.color));
  outlined(brush, box, 12, detail);
  brush.fillStyle = `color-mix(in srgb, ${tint} 7%, transparent)`;
  brush.fill();
  const chosen = look.scenery.has(key) || look.hovered === key;
  brush.strokeStyle = chosen ? palette.color("--muted") : `color-mix(in srgb, ${tint} 38%, ${palette.color("--canvas")})`;
  brush.lineWidth = chosen ? 2 * detail.hair : detail.hair;
  brush.stroke();
  if (!detail.title) return;
  // What stands on a frame may be too small to be named; the frame is large enough.
  brush.fillStyle = `color-mix(in srgb, ${tint} 40%, ${palette.color("--text")})`;
  paintTitle(brush, item.title, { ...box, left: box.left + 14, right: box.right - 14 }, detail.title, look);
}

function paintNote(brush: Brush, { key, item, box }: Scene["notes"][number], detail: Detail, look: Look): void {
  const { palette } = look;
  const tint = palette.color(sceneryTint(item.color));
  outlined(brush, box, 8, detail);
  brush.fillStyle = `color-mix(in srgb, ${tint} 14%, ${palette.color("--canvas")})`;
  brush.fill();
  if (look.scenery.has(key) || look.hovered === key) {
    brush.strokeStyle = palette.color("--muted");
    brush.lineWidth = 2 * detail.hair;
    brush.stroke();
  }
  if (!detail.fields) return;
  brush.fillStyle = palette.color("--muted");
  brush.globalAlpha = 0.4;
  const width = box.right - box.left - 24;
  const lines = Math.min(Math.ceil((item.text.length * 6.5) / width), Math.floor((box.bottom - box.top - 16) / 18));
  for (let line = 0; line < lines; line++) {
    const full = line < lines - 1 ? width : (item.text.length * 6.5) % width;
    brush.fillRect(box.left + 12, box.top + 16 + 18 * line, full, 6);
  }
  brush.globalAlpha = 1;
}

/** Wires of one colour are one stroke. Those that have nothing to do with the selection fade. */
function paintWires(brush: Brush, wires: readonly SceneWire[], seen: Box, detail: Detail, look: Look): void {
  const strokes = new Map<string, SceneWire[]>();
  const strong: SceneWire[] = [];
  for (const wire of wires) {
    if (!touches(wire.box, seen) || look.mounted.has(wire.key)) continue;
    if (look.wires.has(wire.key) || look.hovered === wire.key) strong.push(wire);
    else {
      const name = `${isFaded(wire, look) ? "faded" : "plain"} ${colorOf(wire.type)}`;
      const there = strokes.get(name);
      if (there) there.push(wire);
      else strokes.set(name, [wire]);
    }
  }
  brush.lineCap = "round";
  for (const [name, group] of strokes) {
    brush.globalAlpha = name.startsWith("faded") ? 0.32 : 0.9;
    strokeWires(brush, group, detail.wire, look);
  }
  brush.globalAlpha = 1;
  for (const wire of strong) strokeWires(brush, [wire], 1.8 * detail.wire, look);
}

function isFaded({ wire }: SceneWire, { nodes }: Look): boolean {
  return nodes.size > 0 && !nodes.has(wire.from[0]) && !nodes.has(wire.to[0]);
}

function strokeWires(brush: Brush, wires: readonly SceneWire[], width: number, look: Look): void {
  brush.beginPath();
  for (const { curves } of wires)
    for (const { from, out, in: back, to } of curves) {
      brush.moveTo(from[0], from[1]);
      brush.bezierCurveTo(out[0], out[1], back[0], back[1], to[0], to[1]);
    }
  brush.strokeStyle = look.palette.color(colorOf(wires[0]?.type ?? "*"));
  brush.lineWidth = width;
  brush.stroke();
}
