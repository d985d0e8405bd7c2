import { Dialog } from "@base-ui/react/dialog";
import { useEffect, useMemo, useState, type KeyboardEvent } from "react";
import { t } from "../../i18n/text";
import { files, type FileInfo } from "../../runtime/files";
import { useStudio } from "../../state/context";
import { entries, type Entry } from "./entries";
import styles from "./Palette.module.css";
import { Ranking } from "./ranking";

const SHOWN = 60;

/** One field that finds everything: commands, nodes, node types, workflows. */
export function Palette() {
  const studio = useStudio();
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(0);
  const [saved, setSaved] = useState<readonly FileInfo[]>([]);
  useEffect(() => {
    files.list().then(({ workflows }) => setSaved(workflows), () => {}); // without them the rest is still found
  }, []);
  const ranking = useMemo(() => new Ranking(entries(studio, saved)), [studio, saved]);
  const found = useMemo(() => ranking.best(query, SHOWN), [ranking, query]);

  function choose(entry: Entry | undefined): void {
    if (!entry || entry.idle) return;
    studio.ui.setState({ overlay: null });
    // The palette gives the focus back first, so that what is chosen may take it.
    requestAnimationFrame(entry.run);
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
    <Dialog.Root open onOpenChange={(open) => !open && studio.ui.setState({ overlay: null })}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles["backdrop"]} />
        <Dialog.Popup className={styles["popup"]} data-zoomable>
          <Dialog.Title className={styles["title"]}>{t("palette.title")}</Dialog.Title>
          <input
            className={styles["input"]}
            role="combobox"
            aria-expanded="true"
            aria-controls="palette-list"
            aria-activedescendant={found[active] ? `palette-${active}` : undefined}
            aria-label={t("palette.title")}
            placeholder={t("palette.placeholder")}
            value={query}
            onChange={(event) => {
              setQuery(event.target.value);
              setActive(0);
            }}
            onKeyDown={key}
          />
          <ul id="palette-list" className={styles["list"]} role="listbox" aria-label={t("palette.title")}>
            {found.map((entry, place) => (
              <li
                key={entry.id}
                id={`palette-${place}`}
                role="option"
                tabIndex={-1}
                aria-selected={place === active}
                aria-disabled={entry.idle === true}
                className={styles["entry"]}
                ref={place === active ? (row) => row?.scrollIntoView({ block: "nearest" }) : undefined}
                onPointerMove={() => setActive(place)}
                onClick={() => choose(entry)}
                onKeyDown={key}
              >
                <span className={styles["label"]}>{entry.label}</span>
                <span className={styles["kind"]}>{entry.kind}</span>
                {entry.keys && <kbd className={styles["keys"]}>{entry.keys}</kbd>}
              </li>
            ))}
          </ul>
          {found.length === 0 && <p className={styles["none"]}>{t("palette.none", { query })}</p>}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
