import { useState } from "react";
import { t } from "../../i18n/text";
import { useSettings, useStudio } from "../../state/context";
import { DEFAULTS, type Settings } from "../../state/settings";
import { Button } from "../../ui/Button";
import { Overlay } from "../../ui/Overlay";
import { SETTINGS, type ChoiceSetting, type RangeSetting, type Setting } from "./definitions";
import { Select } from "../../ui/Select";
import styles from "./Settings.module.css";

const GROUPS = ["look", "canvas", "running"] as const;

/** What a person can choose for this browser, found by its words. */
export function SettingsPanel() {
  const studio = useStudio();
  const [query, setQuery] = useState("");
  const found = SETTINGS.filter((setting) => fits(setting, query));
  return (
    <Overlay title={t("settings.title")}>
      <input
        type="search"
        className={styles["search"]}
        placeholder={t("settings.search")}
        aria-label={t("settings.search")}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      {found.length === 0 && <p className={styles["none"]}>{t("settings.none", { query })}</p>}
      {GROUPS.map((group) => {
        const members = found.filter((setting) => setting.group === group);
        if (members.length === 0) return null;
        return (
          <section key={group} className={styles["group"]} aria-label={t(`settings.${group}`)}>
            <h3>{t(`settings.${group}`)}</h3>
            {members.map((setting) => (
              <Row key={setting.name} setting={setting} />
            ))}
          </section>
        );
      })}
      <div className={styles["actions"]}>
        <Button onClick={() => studio.ui.setState({ overlay: "shortcuts" })}>{t("settings.shortcuts")}</Button>
        <Button onClick={() => studio.settings.setState(withoutHabits(DEFAULTS))}>{t("settings.reset")}</Button>
      </div>
    </Overlay>
  );
}

function Row({ setting }: { setting: Setting }) {
  const { settings } = useStudio();
  const value = useSettings((state) => state[setting.name]);
  const set = (next: unknown): void => settings.setState({ [setting.name]: next } as Partial<Settings>);
  const label = t(setting.label);
  const hintId = `setting-${setting.name}-hint`;
  return (
    <div className={styles["row"]}>
      <div>
        <p className={styles["label"]}>{label}</p>
        {setting.hint && (
          <p id={hintId} className={styles["hint"]}>
            {t(setting.hint)}
          </p>
        )}
      </div>
      {setting.kind === "toggle" ? (
        <input
          type="checkbox"
          role="switch"
          aria-label={label}
          aria-checked={value === true}
          aria-describedby={setting.hint && hintId}
          checked={value === true}
          onChange={(event) => set(event.target.checked)}
        />
      ) : setting.kind === "choice" ? (
        <Choice setting={setting} label={label} value={String(value)} set={set} />
      ) : (
        <Range setting={setting} label={label} value={Number(value)} set={set} />
      )}
    </div>
  );
}

interface ControlProps<S, V> {
  setting: S;
  label: string;
  value: V;
  set: (value: V) => void;
}

function Choice({ setting, label, value, set }: ControlProps<ChoiceSetting, string>) {
  return (
    <Select className={styles["select"] ?? ""} aria-label={label} value={value} onChange={(event) => set(event.target.value)}>
      {setting.options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.label ? t(option.label) : option.words}
        </option>
      ))}
    </Select>
  );
}

function Range({ setting, label, value, set }: ControlProps<RangeSetting, number>) {
  const { min, max, step } = setting;
  return (
    <div className={styles["range"]}>
      <input type="range" aria-label={label} min={min} max={max} step={step} value={value} onChange={(event) => set(Number(event.target.value))} />
      <output>{`${Math.round(value * 100)} %`}</output>
    </div>
  );
}

function fits(setting: Setting, query: string): boolean {
  const options = setting.kind === "choice" ? setting.options.map(({ label, words }) => (label ? t(label) : (words ?? ""))) : [];
  const text = [t(setting.label), setting.hint ? t(setting.hint) : "", t(`settings.${setting.group}`), ...options].join(" ").toLowerCase();
  return query.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

/** Favourites, keys and what was seen are habits, not settings: a reset leaves them. */
function withoutHabits(settings: Settings): Partial<Settings> {
  const wanted = new Set<string>(SETTINGS.map(({ name }) => name));
  return Object.fromEntries(Object.entries(settings).filter(([name]) => wanted.has(name)));
}
