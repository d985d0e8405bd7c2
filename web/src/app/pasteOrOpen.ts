/** What a text from the clipboard becomes: copied nodes join the canvas, a workflow gets a tab of its own. */
import { t } from "../i18n/text";
import { FORMAT, isRecord } from "../model/format/format";
import { parseJson } from "../model/format/json";
import { openAny } from "../state/foreign";
import { pasteText } from "../state/pasting";
import type { Studio } from "../state/studio";

/** With `keepWires`, a workflow of ours is put beside what is on the canvas too. */
export async function pasteOrOpen(studio: Studio, text: string, keepWires: boolean): Promise<void> {
  studio.notify(""); // what an earlier paste had to say is over
  if (pasteText(studio, text, { keepWires, whole: keepWires })) return;
  const data = jsonObjectIn(text);
  if (!data) return studio.notify(t("drop.pasteNothing"));
  const name = t("drop.pasted");
  try {
    await openAny(studio, data, name);
    if (data["format"] === FORMAT) studio.notify(t("drop.pastedOwn", { keys: "Ctrl+Shift+V" }));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    studio.notify(t("drop.failed", { name, reason }));
  }
}

function jsonObjectIn(text: string): Record<string, unknown> | null {
  try {
    const data = parseJson(text);
    return isRecord(data) ? data : null;
  } catch {
    return null; // words
  }
}
