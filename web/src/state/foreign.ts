/** Workflows of other programs: the server makes ours of them. */
import { t } from "../i18n/text";
import { FORMAT, isRecord } from "../model/format/format";
import { toJson } from "../model/format/json";
import { files } from "../runtime/files";
import type { Studio } from "./studio";

/** How many of the missing files are named at once; the list of problems has them all. */
const NAMED = 3;

/** Open a file that is not ours; what could not be taken over as it was is said, and which files are missing here. */
export async function openForeign(studio: Studio, file: Blob, name: string): Promise<void> {
  const { workflow, problems } = await files.imported(file, name);
  await studio.openData(workflow);
  const lost = problems.filter(({ code }) => code === "bad_comfy");
  const missing = problems.filter(({ code }) => code === "file_not_found");
  const words: string[] = [];
  if (lost.length > 0) words.push(t("file.importedPartly", { count: lost.length, name }));
  if (missing.length > 0) {
    const sentences = missing.slice(0, NAMED).map(({ message, hint }) => `${message} ${hint}`.trim());
    words.push(t("file.importedMissing", { count: missing.length, name, files: sentences.join(" ") }));
  }
  if (words.length > 0) studio.notify(words.join(" "));
}

/** Open a workflow or prompt as data, ours or not. */
export async function openAny(studio: Studio, data: unknown, name: string): Promise<void> {
  if (isRecord(data) && data["format"] === FORMAT) await studio.openData(data);
  else await openForeign(studio, new Blob([toJson(data)]), name);
}
