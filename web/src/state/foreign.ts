/** Workflows of other programs: the server makes ours of them. */
import { t } from "../i18n/text";
import { FORMAT, isRecord } from "../model/format/format";
import { toJson } from "../model/format/json";
import { files } from "../runtime/files";
import type { Studio } from "./studio";

/** Open a file that is not ours; what could not be taken over as it was is said. */
export async function openForeign(studio: Studio, file: Blob, name: string): Promise<void> {
  const { workflow, problems } = await files.imported(file, name);
  await studio.openData(workflow);
  if (problems.length > 0) studio.notify(t("file.importedPartly", { count: problems.length, name }));
}

/** Open a workflow or prompt as data, ours or not. */
export async function openAny(studio: Studio, data: unknown, name: string): Promise<void> {
  if (isRecord(data) && data["format"] === FORMAT) await studio.openData(data);
  else await openForeign(studio, new Blob([toJson(data)]), name);
}
