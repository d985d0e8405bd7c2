/** From a picture back to what made it. */
import { t } from "../i18n/text";
import { NotAWorkflow } from "../model/format/format";
import { api, ApiError } from "../runtime/api";
import { openAny } from "./foreign";
import type { Studio } from "./studio";

/** Open the workflow that made a picture in a tab of its own; false with a notice if it cannot be. */
export async function openOrigin(studio: Studio, asset: string): Promise<boolean> {
  try {
    const { workflow, prompt } = await api.origin(asset);
    if (workflow ?? prompt) {
      await openAny(studio, workflow ?? prompt, "");
      return true;
    }
    studio.notify(t("gallery.noWorkflow"));
  } catch (error) {
    if (!(error instanceof ApiError || error instanceof NotAWorkflow)) throw error;
    studio.notify(error.message);
  }
  return false;
}
