/** Setting a picture beside another. */
import { t } from "../i18n/text";
import { api, ApiError } from "../runtime/api";
import { outputBefore } from "../runtime/earlier";
import type { Studio } from "./studio";
import type { Enlarged } from "./ui";

/** So many runs back the picture before is looked for. */
const RUNS = 100;

/** Show a picture beside what the same node showed the time before; without such, beside `other`. */
export async function compareWithEarlier(studio: Studio, picture: Enlarged, other: Enlarged | undefined): Promise<void> {
  const beside = (await earlier(picture.asset)) ?? other ?? null;
  if (beside) studio.ui.setState({ enlarged: picture, beside });
  else studio.notify(t("lightbox.compare.none"));
}

async function earlier(asset: string): Promise<Enlarged | null> {
  try {
    const { document } = await api.asset(asset);
    if (!document) return null;
    const { jobs } = await api.jobs({ document, limit: RUNS });
    const found = outputBefore(jobs, asset);
    return found?.asset ? { ...found, asset: found.asset } : null;
  } catch (error) {
    if (error instanceof ApiError) return null; // then there is nothing to compare with
    throw error;
  }
}
