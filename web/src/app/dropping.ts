/** What happens to pictures and files that are let go of over the page. */
import { t } from "../i18n/text";
import type { Carried } from "../state/carried";
import { placeKnown, slotAt } from "../state/placing";
import type { Studio } from "../state/studio";
import { openLocalFile } from "./openLocalFile";

/** Larger files are no workflows, and reading them would stop the page. */
const MOST_BYTES = 256 * 1024 * 1024;

/** Open what files hold, one after the other; one that cannot be opened does not keep the others. */
export async function dropFiles(studio: Studio, files: readonly File[]): Promise<void> {
  for (const file of files) {
    if (file.size > MOST_BYTES) {
      studio.notify(t("drop.tooLarge", { name: file.name }));
      continue;
    }
    try {
      // oxlint-disable-next-line no-await-in-loop -- tabs open in the order of the files
      await openLocalFile(studio, file);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      studio.notify(t("drop.failed", { name: file.name, reason }));
    }
  }
}

/** Give a picture of ours to the node under it, or to a new one. */
export function dropPicture(studio: Studio, { asset, name }: Carried, { clientX, clientY }: MouseEvent): void {
  const { canvas } = studio.view.getState();
  if (!canvas) return;
  studio.runtime.uploaded({ id: asset, name });
  const hit = canvas.hit(clientX, clientY);
  const slot = hit?.kind === "node" ? slotAt(studio, hit.id) : null;
  placeKnown(studio, name, slot, canvas.snapped(clientX, clientY));
}
