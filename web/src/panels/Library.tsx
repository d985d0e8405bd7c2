import { Search, X } from "lucide-react";
import { useDeferredValue, useEffect, useMemo, useState, type KeyboardEvent } from "react";
import type { Catalog, NodeSpec } from "../model/catalog/catalog";
import { TypeIndex } from "../model/catalog/search";
import { chosenRows, rowsOf, shelvesOf, typeRows, type Row } from "../model/catalog/shelves";
import { addNodeAt } from "../state/adding";
import { useCatalog, useLostPacks, useNodeTypes, usePacks, useSettings, useStudio } from "../state/context";
import { t } from "../i18n/text";
import styles from "./Library.module.css";
import { Button } from "../ui/Button";
import { Select } from "../ui/Select";
import panel from "./Panel.module.css";
import { SavedSubgraphs } from "./SavedSubgraphs";
import { toggleStar } from "./TypeRow";
import { TypeTree } from "./TypeTree";

const FAVOURITES = "*favourites";
const RECENTS = "*recents";

/** What can be added: favourites, what was used last, and every node type by category; or what a search finds. */
export function Library() {
  const studio = useStudio();
  const types = useNodeTypes();
  const error = useCatalog((state) => state.error);
  const [query, setQuery] = useState("");
  const [pack, setPack] = useState("");
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set([FAVOURITES, RECENTS]));
  const offered = useMemo(() => (types?.types() ?? []).filter((spec) => !pack || spec.pack === pack), [types, pack]);
  const index = useTypeIndex(offered, query !== "");
  const rows = useRows(offered, index, useDeferredValue(query), open);
  const add = (type: string): void => void addNodeAt(studio, type, null);

  function key(event: KeyboardEvent): void {
    if (event.key === "Escape" && query) {
      event.preventDefault();
      setQuery("");
    }
    // Asked anew: what is listed may still be what the letters before have found.
    const first = event.key === "Enter" && query.trim() ? index.search(query)[0] : undefined;
    if (first) add(first.id);
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    document.querySelector<HTMLElement>(`.${styles["tree"]}`)?.focus();
  }

  return (
    <nav className={`${panel["panel"]} ${styles["library"]}`} aria-label={t("library.title")}>
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
          {query ? (
            <button type="button" className={styles["clear"]} aria-label={t("search.clear")} onClick={() => setQuery("")}>
              <X size={13} aria-hidden="true" />
            </button>
          ) : (
            <kbd className={styles["key"]}>/</kbd>
          )}
        </label>
        {types && <Packs types={types} pack={pack} choose={setPack} />}
      </div>
      {!types && <p className={styles["words"]}>{error || t("library.loading")}</p>}
      {types && rows.length === 0 && <p className={styles["words"]}>{t("add.empty", { query })}</p>}
      <TypeTree
        rows={rows}
        add={add}
        star={(type) => toggleStar(studio, type)}
        toggle={(shelf) => setOpen((before) => new Set(before.has(shelf) ? [...before].filter((item) => item !== shelf) : [...before, shelf]))}
      />
      {!query && <SavedSubgraphs />}
      <UnusedPacks />
    </nav>
  );
}

/** What finds types by words; made ready for slips of the fingers once something is asked for. */
function useTypeIndex(types: readonly NodeSpec[], asked: boolean): TypeIndex {
  const index = useMemo(() => new TypeIndex(types), [types]);
  useEffect(() => {
    if (asked) void index.prepare();
  }, [index, asked]);
  return index;
}

function useRows(types: readonly NodeSpec[], index: TypeIndex, query: string, open: ReadonlySet<string>): readonly Row[] {
  const favourites = useSettings((settings) => settings.favourites);
  const recents = useSettings((settings) => settings.recents);
  const shelves = useMemo(() => shelvesOf(types), [types]);
  return useMemo(() => {
    if (query.trim()) return typeRows(index.search(query), "found", 0);
    const byId = new Map(types.map((spec) => [spec.id, spec]));
    const known = (ids: readonly string[]): NodeSpec[] => ids.flatMap((id) => byId.get(id) ?? []);
    return [
      ...chosenRows(FAVOURITES, t("library.favourites"), known(favourites), open),
      ...chosenRows(RECENTS, t("library.recents"), known(recents).slice(0, 6), open),
      ...rowsOf(shelves, open),
    ];
  }, [types, index, shelves, query, open, favourites, recents]);
}

/** Which pack's types are shown; a choice only where there are several. */
function Packs({ types, pack, choose }: { types: Catalog; pack: string; choose: (pack: string) => void }) {
  const packs = useMemo(() => [...new Set(types.types().map((spec) => spec.pack))].filter(Boolean).toSorted(), [types]);
  if (packs.length < 2) return null;
  return (
    <Select className={styles["packs"] ?? ""} value={pack} aria-label={t("library.pack")} onChange={(event) => choose(event.target.value)}>
      <option value="">{t("library.allPacks")}</option>
      {packs.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </Select>
  );
}

/** Packs that cannot be used now, and where to change that. */
function UnusedPacks() {
  const { ui } = useStudio();
  const failures = useLostPacks();
  const count = usePacks(({ packs }) => packs.filter(({ on, ended }) => !on && !ended).length);
  const open = (): void => ui.setState({ overlay: "packs" });
  return (
    <>
      {failures.length > 0 && (
        <details className={styles["failure"]}>
          <summary>{t("library.failures", { count: failures.length })}</summary>
          <dl>
            {failures.map(({ pack, error }) => (
              <div key={pack}>
                <dt>{pack}</dt>
                <dd>{error}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
      {count > 0 && (
        <Button look="quiet" className={styles["off"] ?? ""} onClick={open}>
          {t("packs.areOff", { count })}
        </Button>
      )}
    </>
  );
}
