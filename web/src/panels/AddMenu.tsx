import { categoryText } from "../ui/category";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState, type CSSProperties, type KeyboardEvent } from "react";
import type { NodeSpec } from "../model/catalog/catalog";
import { commonness } from "../model/catalog/common";
import { TypeIndex } from "../model/catalog/search";
import { addNodeAt, fitting } from "../state/adding";
import { useNodeTypes, useSettings, useStudio, useView } from "../state/context";
import type { Adding } from "../state/view";
import { PortShape } from "../ui/PortShape";
import { t } from "../i18n/text";
import { Lossy } from "../ui/Lossy";
import { usePopover } from "../ui/usePopover";
import styles from "./AddMenu.module.css";

const WIDTH = 400;
const HEIGHT = 380;
const ROW = 30;

/** The search that adds a node where a person clicked, or where a wire was let go. */
export function AddMenu() {
  const adding = useView((state) => state.adding);
  return adding ? <Menu key={adding.screen.join()} adding={adding} /> : null;
}

function Menu({ adding }: { adding: Adding }) {
  const studio = useStudio();
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(0);
  const found = useFound(adding, query);
  const close = useClose(adding);
  const inside = usePopover(true, close);

  function choose(spec: NodeSpec | undefined): void {
    if (!spec) return;
    addNodeAt(studio, spec.id, adding.at, { wire: adding.wire });
    // The node is in the page after the next paint; then it takes the keyboard.
    requestAnimationFrame(close);
  }

  function key(event: KeyboardEvent): void {
    if (event.key === "Enter") choose(found[active]);
    else if (event.key === "Tab") close();
    else if (event.key in STEPS) setActive(stepped(active, STEPS[event.key] ?? 0, found.length));
    else return;
    event.preventDefault();
  }

  return (
    <div ref={inside} className={styles["menu"]} style={placed(adding)} role="dialog" aria-label={t("add.title")}>
      <input
        className={styles["input"]}
        ref={(input) => input?.focus()}
        role="combobox"
        aria-expanded="true"
        aria-controls="add-menu-list"
        aria-activedescendant={found[active] ? `add-${active}` : undefined}
        aria-label={t("add.title")}
        placeholder={t("add.placeholder")}
        value={query}
        spellCheck={false}
        onChange={(event) => {
          setQuery(event.target.value);
          setActive(0);
        }}
        onKeyDown={key}
      />
      {adding.wire && (
        <p className={styles["fits"]}>
          <PortShape type={adding.wire.type} size={10} /> {t("add.fits", { type: adding.wire.type })}
        </p>
      )}
      <Options found={found} active={active} point={setActive} choose={choose} />
      <Foot spec={found[active]} query={query} />
    </div>
  );
}

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };

/** Single steps go round, pages stop at the ends. */
function stepped(from: number, step: number, count: number): number {
  if (count === 0) return 0;
  if (Math.abs(step) === 1) return (from + step + count) % count;
  return Math.max(0, Math.min(count - 1, from + step));
}

function useClose(adding: Adding): () => void {
  const { view } = useStudio();
  return useMemo(
    () => () => {
      view.setState({ adding: null });
      const { nodes, canvas } = view.getState();
      const [chosen] = nodes;
      // Where somebody pointed, the view stays as it is.
      if (chosen !== undefined) canvas?.focus(chosen, adding.at !== null);
    },
    [view, adding],
  );
}

interface OptionsProps {
  found: readonly NodeSpec[];
  active: number;
  point: (index: number) => void;
  choose: (spec: NodeSpec) => void;
}

/** However many there are, only what is seen is drawn. */
function Options({ found, active, point, choose }: OptionsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  // Its functions change what they return; nothing here keeps them.
  // oxlint-disable-next-line react/incompatible-library
  const rows = useVirtualizer({ count: found.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 6 });
  useEffect(() => rows.scrollToIndex(active), [rows, active]);
  return (
    // What scrolls is the list box itself: its options are reached from the field.
    <div ref={scroller} id="add-menu-list" role="listbox" aria-label={t("add.title")} className={styles["list"]}>
      <ul role="presentation" style={{ position: "relative", height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start }) => {
          const spec = found[index];
          if (!spec) return null;
          return (
            // Keys are the search field's, which keeps the focus.
            // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
            <li
              key={spec.id}
              id={`add-${index}`}
              role="option"
              aria-selected={index === active}
              className={styles["option"]}
              style={{ transform: `translateY(${start}px)`, height: ROW }}
              onPointerMove={() => index !== active && point(index)}
              onClick={() => choose(spec)}
            >
              <span className={styles["name"]}>
                {spec.title} {spec.lossy && <Lossy />}
              </span>
              <span className={styles["category"]}>{categoryText(spec.category)}</span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** What the chosen type does; or that there is none. */
function Foot({ spec, query }: { spec: NodeSpec | undefined; query: string }) {
  const known = useNodeTypes() !== null;
  if (!spec) return <p className={styles["none"]}>{known ? t("add.empty", { query }) : t("library.loading")}</p>;
  return spec.help ? <p className={styles["help"]}>{spec.help.split("\n")[0]}</p> : null;
}

/**
 * As long as nothing is typed: what was used last and the favourites, then what workflows use most;
 * for a wire what fits, ranked.
 */
function useFound(adding: Adding, query: string): readonly NodeSpec[] {
  const types = useNodeTypes();
  const favourites = useSettings((settings) => settings.favourites);
  const recents = useSettings((settings) => settings.recents);
  const offered = useMemo(() => {
    const usable = (types?.types() ?? []).filter((spec) => !spec.deprecated);
    if (adding.wire) return fitting(usable, adding.wire, recents);
    const dear = new Set([...recents.slice(0, 5), ...favourites]);
    const byId = new Map(usable.map((spec) => [spec.id, spec]));
    const others = usable
      .filter((spec) => !dear.has(spec.id))
      .toSorted((a, b) => commonness(b.id) - commonness(a.id) || (a.title < b.title ? -1 : 1));
    return [...[...dear].flatMap((id) => byId.get(id) ?? []), ...others];
  }, [types, adding, favourites, recents]);
  const index = useMemo(() => new TypeIndex(offered), [offered]);
  useEffect(() => void index.prepare(), [index]);
  return useMemo(() => index.search(query), [index, query]);
}

/** At the pointer, but inside the window. */
function placed({ screen: [x, y] }: Adding): CSSProperties {
  return {
    left: Math.max(8, Math.min(x, innerWidth - WIDTH - 8)),
    top: Math.max(8, Math.min(y, innerHeight - HEIGHT - 8)),
    width: Math.min(WIDTH, innerWidth - 16),
    maxHeight: Math.min(HEIGHT, innerHeight - 16),
  };
}
