/** Shortcuts: how they are written, which are in force, and which get in each other's way. */
import { t } from "../i18n/text";
import type { Settings } from "../state/settings";
import { COMMANDS, type AppCommand } from "./commands";

export type ChosenKeys = Settings["keys"];

/** What a person chose for a command, else its usual keys. */
export function keysInForce(command: AppCommand, chosen: ChosenKeys): readonly string[] {
  return chosen[command.id] ?? command.keys;
}

/** Commands by their keys in small letters. */
export function commandsByKeys(chosen: ChosenKeys): ReadonlyMap<string, AppCommand> {
  const pairs = COMMANDS.flatMap((command) =>
    keysInForce(command, chosen).map((keys) => [keys.toLowerCase(), command] as const),
  );
  // The first command that has some keys keeps them.
  return new Map(pairs.toReversed());
}

/** The other commands that have the same keys. */
export function rivals(command: AppCommand, keys: string, chosen: ChosenKeys): AppCommand[] {
  const wanted = keys.toLowerCase();
  return COMMANDS.filter(
    (other) => other !== command && keysInForce(other, chosen).some((theirs) => theirs.toLowerCase() === wanted),
  );
}

const MODIFIERS = new Set(["Control", "Alt", "Shift", "Meta", "AltGraph"]);

/** The keys of an event, as commands write them; `null` while only modifiers are held. */
export function keysOfEvent(event: Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">): string | null {
  if (MODIFIERS.has(event.key)) return null;
  const parts = [event.ctrlKey || event.metaKey ? "Ctrl" : "", event.altKey ? "Alt" : "", event.shiftKey ? "Shift" : "", keyName(event)];
  return parts.filter(Boolean).join("+");
}

/** With Alt held, a Mac types other letters: then the place of the key counts. */
function keyName({ key, code, altKey }: Pick<KeyboardEvent, "key" | "code" | "altKey">): string {
  const letter = /^Key([A-Z])$|^Digit(\d)$/.exec(code);
  if (altKey && letter) return letter[1] ?? letter[2] ?? key;
  if (key === " ") return "Space";
  return key.length === 1 ? key.toUpperCase() : key;
}

const SHOWN: Readonly<Record<string, string>> = { Enter: "↵", ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Backspace: "⌫" };

/** Keys that are called otherwise on keyboards of other languages. */
const NAMED = ["Ctrl", "Shift", "Delete", "PageUp", "PageDown"] as const;

function isNamed(part: string): part is (typeof NAMED)[number] {
  return (NAMED as readonly string[]).includes(part);
}

/** Keys as they are shown: `Ctrl ↵`. */
export function shownKeys(keys: string): string {
  const parts = keys === "+" ? ["+"] : keys.replace(/\+\+$/, "+Plus").split("+");
  return parts.map(shownKey).join(" ");
}

function shownKey(part: string): string {
  if (part === "Plus") return "+";
  return isNamed(part) ? t(`shortcuts.key.${part}`) : (SHOWN[part] ?? part);
}
