import { FORMAT, isRecord } from "../model/format/format";
import { parseJson } from "../model/format/json";
import { workflowTextIn } from "../model/pictures/picture";
import { openForeign } from "../state/foreign";
import type { Studio } from "../state/studio";

/** A larger file is no text of a workflow; the server looks for what it carries. */
const MOST_TEXT = 8 * 1024 * 1024;

/** Open the workflow that a file of this computer holds, or a picture has inside, whichever program wrote it. */
export async function openLocalFile(studio: Studio, file: File): Promise<void> {
  const ours = await ownWorkflow(file);
  await (ours ? studio.openData(ours) : openForeign(studio, file, file.name));
}

/** What is ours is read here: no server is needed for it. */
async function ownWorkflow(file: File): Promise<unknown> {
  if (file.size > MOST_TEXT && !file.type.startsWith("image/")) return null;
  const text = file.type.startsWith("image/") ? workflowTextIn(await file.arrayBuffer()) : await file.text();
  const data = text === null ? null : parsedOrNull(text);
  return isRecord(data) && data["format"] === FORMAT ? data : null;
}

function parsedOrNull(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return null; // the server says what is wrong with it, and where
  }
}
