import { Maximize } from "lucide-react";
import { useMemo, useRef, useState, type CSSProperties, type PointerEvent, type WheelEvent } from "react";
import { around, boxAt, centreOf, grown, nodeBoxes, type Box } from "../../model/layout/boxes";
import type { Graph, Wire } from "../../model/document/document";
import type { Difference, DiffKind } from "../../model/document/diff";
import { IconButton } from "../../ui/Button";
import { useSize } from "../../ui/useSize";
import { t } from "../../i18n/text";
import { nodeName, subject, type Side } from "./words";
import styles from "./Diff.module.css";

interface Props {
  before: Graph | null;
  after: Graph | null;
  sides: { readonly before: Side; readonly after: Side };
  /** Those of this graph. */
  differences: readonly Difference[];
  chosen: Difference | null;
  choose: (difference: Difference) => void;
}

interface Drawn {
  readonly id: string;
  readonly box: Box;
  /** Where it was, if it moved. */
  readonly was: Box | null;
  readonly title: string;
  readonly difference: Difference | undefined;
}

const EDGE = 80;
/** How much around a chosen difference is seen. */
const NEAR = 260;
/** Words are so high in the drawing: as many pixels on the screen as can be read, as far as nodes have room. */
const READABLE_PX = 11.5;
const SMALLEST_LETTER = 15;
const LARGEST_LETTER = 30;
const NOTHING: Box = { left: 0, top: 0, right: 400, bottom: 300 };

/** Both graphs in one drawing: what is new, gone, changed or moved has the colour of its word. */
export function DiffPicture({ before, after, sides, differences, chosen, choose }: Props) {
  const found = useMemo(() => Map.groupBy(differences, ({ item, id }) => `${item} ${id}`), [differences]);
  const nodes = useMemo(() => drawnNodes(before, after, sides, found), [before, after, sides, found]);
  const all = useMemo(() => grown(around(nodes.flatMap(({ box, was }) => (was ? [box, was] : [box]))) ?? NOTHING, EDGE), [nodes]);
  // Wires of what is gone end at it, unless another node has its id now.
  const places = useMemo(() => new Map(nodes.map(({ id, box }) => [id.replace(/ gone$/, ""), box])), [nodes]);
  const wires = useMemo(() => drawnWires(before, after), [before, after]);
  const [moved, setMoved] = useState<{ readonly chosen: Difference | null; readonly box: Box } | null>(null);
  const near = chosen && placeOf(chosen, places, before, after);
  const view = moved?.chosen === chosen ? moved.box : near ? grown(near, NEAR) : all;
  const handlers = useLooking(view, (box) => setMoved({ chosen, box }));
  const frame = useRef<HTMLDivElement>(null);
  const [width, height] = useSize(frame);
  const unit = Math.max((view.right - view.left) / Math.max(1, width), (view.bottom - view.top) / Math.max(1, height));
  const letter = Math.min(LARGEST_LETTER, Math.max(SMALLEST_LETTER, READABLE_PX * unit));
  return (
    <div ref={frame} className={styles["picture"]} style={{ "--letter": `${letter}px` } as CSSProperties}>
      <svg viewBox={`${view.left} ${view.top} ${view.right - view.left} ${view.bottom - view.top}`} role="img" aria-label={t("diff.picture")} {...handlers}>
        {wires.map(({ key, wire }) => (
          <path key={key} d={course(wire, places)} className={`${styles["wire"]} ${lookOf(found.get(`wire ${key}`)?.[0], chosen)}`} />
        ))}
        {nodes.map((node) => (
          <Node key={node.id} node={node} chosen={chosen} choose={choose} sides={sides} letter={letter} />
        ))}
      </svg>
      <IconButton label={t("diff.all")} className={styles["fit"] ?? ""} onClick={() => setMoved({ chosen, box: all })}>
        <Maximize size={14} />
      </IconButton>
    </div>
  );
}

function Node({ node: { box, was, title, difference }, chosen, choose, sides, letter }: Pick<Props, "chosen" | "choose" | "sides"> & { node: Drawn; letter: number }) {
  const look = lookOf(difference, chosen);
  const from = was && centreOf(was);
  const to = centreOf(box);
  return (
    <g className={`${styles["node"]} ${look}`} onClick={() => difference && choose(difference)}>
      {was && from && (
        <>
          <rect x={was.left} y={was.top} width={was.right - was.left} height={was.bottom - was.top} rx="10" className={styles["ghost"]} />
          <line x1={from[0]} y1={from[1]} x2={to[0]} y2={to[1]} className={styles["path"]} />
        </>
      )}
      <rect x={box.left} y={box.top} width={box.right - box.left} height={box.bottom - box.top} rx="10" />
      <text x={box.left + letter} y={box.top + 1.8 * letter}>
        {shortened(title, (box.right - box.left) / letter)}
      </text>
      {difference && (
        <text x={box.left + letter} y={box.top + 3.1 * letter} className={styles["word"]}>
          {t(`diff.${difference.kind}`)}
        </text>
      )}
      {difference && <title>{`${t(`diff.${difference.kind}`)}: ${subject(difference, sides)}`}</title>}
    </g>
  );
}

/** As much of a title as a node has room for, which is so many letters high wide. */
function shortened(title: string, wide: number): string {
  const room = Math.floor((wide - 2) / 0.56);
  return title.length <= room ? title : `${title.slice(0, Math.max(1, room - 1))}…`;
}

/** Wheel and drag move the view of the drawing, nothing else. */
function useLooking(view: Box, look: (box: Box) => void) {
  const from = useRef<{ readonly x: number; readonly y: number; readonly view: Box } | null>(null);
  const scale = (svg: Element): number => (view.right - view.left) / Math.max(1, svg.getBoundingClientRect().width);
  return {
    onWheel(event: WheelEvent<SVGSVGElement>): void {
      const factor = event.deltaY > 0 ? 1.15 : 1 / 1.15;
      const [x, y] = centreOf(view);
      const [width, height] = [((view.right - view.left) * factor) / 2, ((view.bottom - view.top) * factor) / 2];
      look({ left: x - width, right: x + width, top: y - height, bottom: y + height });
    },
    onPointerDown(event: PointerEvent<SVGSVGElement>): void {
      from.current = { x: event.clientX, y: event.clientY, view };
    },
    onPointerMove(event: PointerEvent<SVGSVGElement>): void {
      if (!from.current || event.buttons !== 1) return;
      const by = scale(event.currentTarget);
      const { view: start, x, y } = from.current;
      const [dx, dy] = [(x - event.clientX) * by, (y - event.clientY) * by];
      look({ left: start.left + dx, right: start.right + dx, top: start.top + dy, bottom: start.bottom + dy });
    },
  };
}

type Found = ReadonlyMap<string, readonly Difference[]>;

/** Every node that is in either graph: as it is now, or as it was where it is gone. */
function drawnNodes(before: Graph | null, after: Graph | null, sides: Props["sides"], found: Found): Drawn[] {
  const old = before ? nodeBoxes(before, sides.before.types) : new Map<string, Box>();
  const now = after ? nodeBoxes(after, sides.after.types) : new Map<string, Box>();
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((id): Drawn[] => {
    const [was, is] = [old.get(id), now.get(id)];
    const of = (kind: DiffKind): Difference | undefined => found.get(`node ${id}`)?.find((difference) => difference.kind === kind);
    const gone = of("removed");
    const difference = of("added") ?? of("changed") ?? of("moved");
    const far = was && is && (was.left !== is.left || was.top !== is.top) && !gone;
    return [
      ...(was && gone && before ? [{ id: `${id} gone`, box: was, was: null, title: nodeName(sides.before, before, id), difference: gone }] : []),
      ...(is && after ? [{ id, box: is, was: far && difference ? was : null, title: nodeName(sides.after, after, id), difference }] : []),
    ];
  });
}

function drawnWires(before: Graph | null, after: Graph | null): { readonly key: string; readonly wire: Wire }[] {
  const wires = new Map<string, Wire>([...Object.entries(before?.wires ?? {}), ...Object.entries(after?.wires ?? {})]);
  return [...wires].map(([key, wire]) => ({ key, wire }));
}

function placeOf({ item, id }: Difference, places: ReadonlyMap<string, Box>, before: Graph | null, after: Graph | null): Box | null {
  if (item === "node") return places.get(id) ?? null;
  if (item === "frame" || item === "note") {
    const thing = (after ?? before)?.[item === "frame" ? "frames" : "notes"][id];
    return thing ? boxAt(thing.at, thing.size) : null;
  }
  const wire = item === "wire" ? (after?.wires[id] ?? before?.wires[id]) : undefined;
  return wire ? around([wire.from[0], wire.to[0]].flatMap((node) => places.get(node) ?? [])) : null;
}

function course({ from, to }: Wire, places: ReadonlyMap<string, Box>): string {
  const [start, end] = [places.get(from[0]), places.get(to[0])];
  if (!start || !end) return "";
  const [x1, y1, x2, y2] = [start.right, (start.top + start.bottom) / 2, end.left, (end.top + end.bottom) / 2];
  const bend = Math.max(40, Math.abs(x2 - x1) / 2);
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

function lookOf(difference: Difference | undefined, chosen: Difference | null): string {
  const kind: DiffKind | "same" = difference?.kind ?? "same";
  return [styles[kind], difference && difference === chosen && styles["chosen"]].filter(Boolean).join(" ");
}

