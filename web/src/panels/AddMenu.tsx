import { useMemo, useState, type CSSProperties, type KeyboardEvent } from "react";
import type { NodeSpec } from "../model/catalog";
import { search } from "../model/search";
import { addNodeAt, fitting } from "../state/adding";
import { useNodeTypes, useStudio, useView } from "../state/context";
import type { Adding } from "../state/view";
import { PortShape } from "../ui/PortShape";
import { t } from "../i18n/text";
import { usePopover } from "../ui/usePopover";
import styles from "./AddMenu.module.css";

const SHOWN = 40;
const WIDTH = 300;
const HEIGHT = 360;

/** The search that adds a node where a person clicked, or where a wire was let go. */
export function AddMenu() {
  const adding = useView((state) => state.adding);
  return adding ? <Menu key={adding.screen.join()} adding={adding} /> : null;
}

function Menu({ adding }: { adding: Adding }) {
  const studio = useStudio();
  const catalog = useNodeTypes();
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(0);
  const close = useMemo(() => () => studio.view.setState({ adding: null }), [studio]);
  const inside = usePopover(true, close);
  const found = useMemo(() => {
    const types = (catalog?.types() ?? []).filter((spec) => !spec.deprecated);
    return search(adding.wire ? fitting(types, adding.wire) : types, query).slice(0, SHOWN);
  }, [catalog, adding, query]);

  function choose(spec: NodeSpec | undefined): void {
    if (!spec) return;
    addNodeAt(studio, spec.id, adding.at, { wire: adding.wire });
    close();
  }

  function key(event: KeyboardEvent): void {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step) {
      event.preventDefault();
      setActive((active + step + found.length) % Math.max(1, found.length));
    }
    if (event.key === "Enter") choose(found[active]);
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
      <ul id="add-menu-list" className={styles["list"]} role="listbox" aria-label={t("add.title")}>
        {found.map((spec, index) => (
          <li
            key={spec.id}
            id={`add-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === active}
            className={styles["option"]}
            ref={index === active ? (row) => row?.scrollIntoView({ block: "nearest" }) : undefined}
            onPointerMove={() => setActive(index)}
            onClick={() => choose(spec)}
            onKeyDown={key}
          >
            <span>{spec.title}</span>
            <span className={styles["category"]}>{spec.category.replaceAll("/", " · ")}</span>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className={styles["none"]}>{t("add.empty", { query })}</p>}
    </div>
  );
}

/** At the pointer, but inside the window. */
function placed({ screen: [x, y] }: Adding): CSSProperties {
  return {
    left: Math.max(8, Math.min(x, innerWidth - WIDTH - 8)),
    top: Math.max(8, Math.min(y, innerHeight - HEIGHT - 8)),
    width: WIDTH,
    maxHeight: HEIGHT,
  };
}
