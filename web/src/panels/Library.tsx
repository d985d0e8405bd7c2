import { ChevronRight, Search } from "lucide-react";
import { useMemo, useState, type KeyboardEvent } from "react";
import type { Catalog, NodeSpec } from "../model/catalog";
import { search, shelves } from "../model/search";
import { addNodeAt, DRAGGED_TYPE } from "../state/adding";
import { useCatalog, useStudio } from "../state/context";
import { PortShape } from "../ui/PortShape";
import { t } from "../i18n/text";
import styles from "./Library.module.css";
import panel from "./Panel.module.css";

/** What can be added: every node type by category, or what a search finds. */
export function Library() {
  const catalog = useCatalog((state) => state.catalog);
  const error = useCatalog((state) => state.error);
  const studio = useStudio();
  const [query, setQuery] = useState("");
  const types = useMemo(() => catalog?.types() ?? [], [catalog]);
  const found = useMemo(() => (query.trim() ? search(types, query).slice(0, 60) : null), [types, query]);

  function key(event: KeyboardEvent): void {
    if (event.key === "Escape") setQuery("");
    const first = found?.[0];
    if (event.key === "Enter" && first) add(studio, first);
  }

  return (
    <nav className={panel["panel"]} aria-label={t("library.title")}>
      <div className={styles["search"]}>
        <label className={styles["box"]}>
          <Search size={14} aria-hidden="true" />
          <input
            id="library-search"
            type="search"
            value={query}
            aria-label={t("search.placeholder")}
            placeholder={t("search.placeholder")}
            onChange={(event) => setQuery(event.target.value)}
            onKeyDown={key}
          />
          <kbd className={styles["key"]}>/</kbd>
        </label>
      </div>
      {!catalog && <p className={panel["section"]}>{error || t("library.loading")}</p>}
      {found ? <Found types={found} query={query} /> : <Shelves types={types} />}
      {catalog && <Failures catalog={catalog} />}
    </nav>
  );
}

function add(studio: ReturnType<typeof useStudio>, spec: NodeSpec): void {
  const at = studio.view.getState().canvas?.centre() ?? [0, 0];
  addNodeAt(studio, spec.id, at);
}

function Found({ types, query }: { types: readonly NodeSpec[]; query: string }) {
  if (types.length === 0) return <p className={panel["section"]}>{t("add.empty", { query })}</p>;
  return (
    <ul className={`${styles["shelf"]} ${styles["found"]}`}>
      {types.map((spec) => (
        <TypeRow key={spec.id} spec={spec} />
      ))}
    </ul>
  );
}

function Shelves({ types }: { types: readonly NodeSpec[] }) {
  const groups = useMemo(() => shelves(types), [types]);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const toggle = (name: string): void =>
    setOpen((before) => new Set(before.has(name) ? [...before].filter((item) => item !== name) : [...before, name]));
  return (
    <>
      {groups.map((shelf) => (
        <section key={shelf.name} className={styles["shelf"]}>
          <button
            type="button"
            className={styles["shelfName"]}
            aria-expanded={open.has(shelf.name)}
            onClick={() => toggle(shelf.name)}
          >
            <ChevronRight size={12} aria-hidden="true" />
            {shelf.name}
            <span className={styles["count"]}>{shelf.types.length}</span>
          </button>
          {open.has(shelf.name) && (
            <ul className={styles["types"]}>
              {shelf.types.map((spec) => (
                <TypeRow key={spec.id} spec={spec} />
              ))}
            </ul>
          )}
        </section>
      ))}
    </>
  );
}

function TypeRow({ spec }: { spec: NodeSpec }) {
  const studio = useStudio();
  const shapes = [...new Set(spec.outputs.map((output) => output.type))].slice(0, 3);
  return (
    <li>
      <button
        type="button"
        className={styles["type"]}
        draggable
        title={spec.help.split("\n")[0]}
        onClick={() => add(studio, spec)}
        onDragStart={(event) => {
          event.dataTransfer.setData(DRAGGED_TYPE, spec.id);
          event.dataTransfer.effectAllowed = "copy";
        }}
      >
        <span className={styles["typeName"]}>{spec.title}</span>
        <span className={styles["shapes"]}>
          {shapes.map((type) => (
            <PortShape key={type} type={type} size={9} />
          ))}
        </span>
      </button>
    </li>
  );
}

function Failures({ catalog }: { catalog: Catalog }) {
  if (catalog.failures.length === 0) return null;
  return (
    <details className={styles["failure"]}>
      <summary>{t("library.failures", { count: catalog.failures.length })}</summary>
      <dl>
        {catalog.failures.map(({ pack, error }) => (
          <div key={pack}>
            <dt>{pack}</dt>
            <dd>{error}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
