import { useState, type KeyboardEvent } from "react";
import { COMMANDS, type AppCommand } from "../../app/commands";
import { keysInForce, keysOfEvent, rivals, shownKeys } from "../../app/keys";
import { t } from "../../i18n/text";
import { useSettings, useStudio } from "../../state/context";
import { Button } from "../../ui/Button";
import { Overlay } from "../../ui/Overlay";
import styles from "./Settings.module.css";

/** All commands with their keys: a press of a row's button and then of keys chooses others. */
export function ShortcutsPanel() {
  const { settings } = useStudio();
  const chosen = useSettings(({ keys }) => keys);
  const [query, setQuery] = useState("");
  const words = query.toLowerCase().split(/\s+/);
  const found = COMMANDS.filter(({ label, menu, keys }) => {
    const text = `${t(label)} ${t(`menu.${menu}`)} ${keys.join(" ")}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return (
    <Overlay title={t("shortcuts.title")}>
      <div className={styles["top"]}>
        <input
          type="search"
          className={styles["search"]}
          placeholder={t("shortcuts.search")}
          aria-label={t("shortcuts.search")}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
        <Button disabled={Object.keys(chosen).length === 0} onClick={() => settings.setState({ keys: {} })}>
          {t("shortcuts.reset")}
        </Button>
      </div>
      {found.length === 0 && <p className={styles["none"]}>{t("shortcuts.notFound", { query })}</p>}
      {[...Map.groupBy(found, ({ menu }) => menu)].map(([menu, commands]) => (
        <section key={menu} className={styles["group"]} aria-label={t(`menu.${menu}`)}>
          <h3>{t(`menu.${menu}`)}</h3>
          <ul>
            {commands.map((command) => (
              <Row key={command.id} command={command} />
            ))}
          </ul>
        </section>
      ))}
    </Overlay>
  );
}

function Row({ command }: { command: AppCommand }) {
  const { settings } = useStudio();
  const chosen = useSettings(({ keys }) => keys);
  const [listening, setListening] = useState(false);
  const keys = keysInForce(command, chosen);
  const clashes = keys.flatMap((item) => rivals(command, item, chosen));

  function choose(wanted: readonly string[] | null): void {
    const { [command.id]: _, ...others } = chosen;
    settings.setState({ keys: wanted ? { ...others, [command.id]: wanted } : others });
    setListening(false);
  }

  function key(event: KeyboardEvent): void {
    if (!listening) return;
    event.preventDefault();
    event.stopPropagation();
    const pressed = keysOfEvent(event.nativeEvent);
    if (event.key === "Escape") setListening(false);
    else if (event.key === "Backspace" || event.key === "Delete") choose([]);
    else if (pressed) choose([pressed]);
  }

  return (
    <li className={styles["command"]}>
      <span>{t(command.label)}</span>
      {command.id in chosen ? (
        <Button look="quiet" onClick={() => choose(null)}>
          {t("shortcuts.usual")}
        </Button>
      ) : (
        <span />
      )}
      <button
        type="button"
        className={styles["keys"]}
        aria-pressed={listening}
        aria-label={t("shortcuts.change", { command: t(command.label), keys: keys.map(shownKeys).join(", ") || t("shortcuts.none") })}
        onClick={() => setListening(!listening)}
        onBlur={() => setListening(false)}
        onKeyDown={key}
      >
        {listening ? t("shortcuts.press") : keys.map(shownKeys).join(", ") || "–"}
      </button>
      {clashes.length > 0 && (
        <p className={styles["clash"]} role="alert">
          {t("shortcuts.clash", { others: clashes.map(({ label }) => t(label)).join(", ") })}
        </p>
      )}
    </li>
  );
}
