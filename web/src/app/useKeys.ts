import { t } from "../i18n/text";
import { useSettings } from "../state/context";
import { commandOf } from "./commands";
import { keysInForce, shownKeys } from "./keys";

/** A command's first keys, as they are shown; empty if it has none. */
export function useKeys(id: string): string {
  const chosen = useSettings((settings) => settings.keys);
  const command = commandOf(id);
  const keys = command && keysInForce(command, chosen)[0];
  return keys ? shownKeys(keys) : "";
}

/** A tooltip: what a command is called, with its keys behind it. */
export function useKeyedLabel(id: string): string {
  const keys = useKeys(id);
  const command = commandOf(id);
  const words = command ? t(command.label) : "";
  return keys ? `${words} (${keys})` : words;
}
