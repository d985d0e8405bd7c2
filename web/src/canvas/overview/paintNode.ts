/** Paints one node: the same boxes at the same places as the page's own, words as far as they can be read. */
import { grown, type Box } from "../../model/layout/boxes";
import type { Json, WorkflowNode } from "../../model/document/document";
import type { WidgetPlace } from "../../model/layout/geometry";
import { colorOf } from "../../ui/PortShape";
import { portLabel } from "../../ui/format";
import { tintOf } from "../../ui/tints";
import { outlined, paintTitle, type Brush, type Look } from "./brush";
import type { Detail } from "./detail";
import type { Mark } from "./marks";
import type { SceneNode } from "./scene";

const INSET = 10;
const LETTER = 6.2;
/** With the gap before it. */
const LOSSY = " ≈";
/** Height of the bars that stand for words. */
const BAR = 5;

export function paintNode(brush: Brush, item: SceneNode, detail: Detail, look: Look): void {
  const { box, node, placed } = item;
  const { palette } = look;
  const mark = look.markOf(item);
  brush.globalAlpha = node.mode ? 0.5 : 1;
  const ring = ringOf(item, mark, look);
  outlined(brush, grown(box, ring.wide ? 2 * detail.hair : detail.hair), 11, detail);
  brush.fillStyle = palette.color(ring.color);
  brush.fill();
  outlined(brush, box, 10, detail);
  // With nothing on it to be made out, a node must stand out by itself.
  brush.fillStyle = palette.color(!placed.data.known ? "--canvas" : detail.fields ? "--panel" : "--raised");
  brush.fill();
  if (node.color) paintStrip(brush, box, palette.color(tintOf(node.color)), detail);
  if (detail.title) paintHead(brush, item, detail.title, look);
  paintMark(brush, box, mark, detail, look);
  if (detail.fields) paintFields(brush, item, detail, look);
  if (detail.pictures) paintPictures(brush, item, look);
  if (detail.ports) paintPorts(brush, item, look);
  brush.globalAlpha = 1;
}

/** The title, and behind it the sign of what makes results less exact. */
function paintHead(brush: Brush, { box, title, isLossy }: SceneNode, size: number, look: Look): void {
  const [left, right] = [box.left + 12, box.right - 12];
  const room = isLossy ? 1.02 * look.widthOf(LOSSY) * size : 0;
  brush.fillStyle = look.palette.color("--text");
  const end = paintTitle(brush, title, { ...box, left, right: right - room }, size, look);
  if (!isLossy) return;
  brush.fillStyle = look.palette.color("--muted");
  paintTitle(brush, LOSSY, { ...box, left: end, right }, size, look);
}

function ringOf({ id }: SceneNode, { kind }: Mark, look: Look): { color: string; wide: boolean } {
  if (kind === "running") return { color: "--accent", wide: true };
  if (kind === "error") return { color: "--error", wide: true };
  if (look.nodes.has(id) || look.hovered === id) return { color: "--muted", wide: true };
  return { color: "--line", wide: false };
}

function paintStrip(brush: Brush, { left, top, right }: Box, color: string, detail: Detail): void {
  brush.fillStyle = color;
  brush.fillRect(left + 10, top, right - left - 20, Math.max(3, 2 * detail.hair));
}

/** How far it is while it runs; a short bar, as long as a word, once it is done. */
function paintMark(brush: Brush, { left, top, right }: Box, { kind, part }: Mark, detail: Detail, { palette }: Look): void {
  if (kind === "idle") return;
  if (kind === "running") {
    brush.fillStyle = palette.color("--accent");
    brush.fillRect(left, top + 38, (right - left) * part, Math.max(2, 2 * detail.hair));
    return;
  }
  brush.fillStyle = palette.color(kind === "error" ? "--error" : "--muted");
  const thick = Math.max(4, 2 * detail.hair);
  brush.fillRect(right - 48, top + 8, 36, thick);
}

function paintFields(brush: Brush, { box, node, placed }: SceneNode, detail: Detail, { palette }: Look): void {
  const { widgets } = placed.data.layout;
  const width = box.right - box.left - 2 * INSET;
  brush.fillStyle = palette.color("--field");
  for (const { top, height, asPort } of widgets) {
    if (asPort) continue;
    outlined(brush, { left: box.left + INSET, top: box.top + top, right: box.right - INSET, bottom: box.top + top + height }, 6, detail);
    brush.fill();
  }
  if (!detail.words) return;
  const opacity = brush.globalAlpha;
  brush.globalAlpha = 0.45 * opacity;
  brush.fillStyle = palette.color("--muted");
  for (const place of widgets) paintWords(brush, place, box.left + INSET + 8, box.top, width - 16, shownValue(node, place));
  brush.globalAlpha = opacity;
}

/** Name left and value right, as bars; a text as lines. */
function paintWords(brush: Brush, { port, top, height, y }: WidgetPlace, left: number, nodeTop: number, width: number, value: string): void {
  if (port.widget?.multiline) {
    const long = value.length * LETTER;
    const lines = Math.min(Math.ceil(long / width), Math.floor((height - 8) / 16));
    for (let line = 0; line < lines; line++)
      brush.fillRect(left, nodeTop + top + 10 + 16 * line, line < lines - 1 ? width : Math.min(width, long - line * width), BAR);
    return;
  }
  const middle = nodeTop + y - BAR / 2;
  const name = Math.min(portLabel(port).length * LETTER, width * 0.5);
  const shown = Math.min(value.length * LETTER, width - name - 8);
  brush.fillRect(left, middle, name, BAR);
  if (shown > 0) brush.fillRect(left + width - shown, middle, shown, BAR);
}

function shownValue({ values }: WorkflowNode, { port }: WidgetPlace): string {
  const value: Json | undefined = values[port.name] ?? port.default;
  return value === undefined || value === null || typeof value === "object" ? "" : String(value);
}

function paintPictures(brush: Brush, item: SceneNode, look: Look): void {
  const { picture } = item.placed.data.layout;
  if (!picture) return;
  const left = item.box.left + (item.box.right - item.box.left - picture.width) / 2;
  const top = item.box.top + picture.top;
  brush.fillStyle = look.palette.color("--field");
  brush.fillRect(left, top, picture.width, picture.height);
  const pictures = look.picturesOf(item);
  const columns = Math.ceil(Math.sqrt(pictures.length));
  const cell = [picture.width / columns, picture.height / Math.ceil(pictures.length / columns)] as const;
  for (const [index, image] of pictures.entries()) {
    const { width, height } = image as ImageBitmap;
    const fit = Math.min(cell[0] / width, cell[1] / height);
    const [w, h] = [width * fit, height * fit];
    const x = left + (index % columns) * cell[0] + (cell[0] - w) / 2;
    brush.drawImage(image, x, top + Math.floor(index / columns) * cell[1] + (cell[1] - h) / 2, w, h);
  }
}

function paintPorts(brush: Brush, { box, node, placed }: SceneNode, { palette }: Look): void {
  const { inputs, outputs, widgets } = placed.data.layout;
  const dot = (x: number, y: number, type: string): void => {
    brush.beginPath();
    brush.arc(x, box.top + y, 5, 0, 2 * Math.PI);
    brush.fillStyle = palette.color(colorOf(type));
    brush.fill();
  };
  for (const { port, y } of inputs) dot(box.left, y, port.type);
  for (const { port, y } of outputs) dot(box.right, y, port.type);
  for (const { port, y, asPort } of widgets) if (asPort || node.ports?.includes(port.name)) dot(box.left, y, port.type);
}
