import { t } from "../i18n/text";
import { workflowTextIn } from "../model/pictures/picture";
import type { Studio } from "../state/studio";
import { parseJson } from "../model/format/json";

/** Open the workflow that a file of this computer holds, or a picture has inside. */
export async function openLocalFile(studio: Studio, file: File): Promise<void> {
  const isPicture = file.type.startsWith("image/");
  const text = isPicture ? workflowTextIn(await file.arrayBuffer()) : await file.text();
  if (text === null) return studio.notify(t("file.noWorkflow", { name: file.name }));
  await studio.openData(parsedOr(text, t("file.notJson", { name: file.name })));
}

function parsedOr(text: string, words: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw new Error(words);
  }
}
