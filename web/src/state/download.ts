/** Saving pictures on this computer. */
import { t } from "../i18n/text";
import { storedZip, type ZipEntry } from "../model/pictures/zip";
import { assetUrl } from "../runtime/api";
import type { Carried } from "./carried";
import type { Studio } from "./studio";

/** One picture as it is; several in one archive, because browsers ask about each file. */
export async function downloadAll(studio: Studio, pictures: readonly Carried[]): Promise<void> {
  const [only] = pictures;
  if (!only) return;
  if (pictures.length === 1) return save(`${assetUrl(only.asset)}?download=1`, only.name);
  try {
    const entries: ZipEntry[] = await Promise.all(
      pictures.map(async ({ asset, name }) => {
        const response = await fetch(assetUrl(asset));
        if (!response.ok) throw new TypeError(response.statusText);
        return { name, data: new Uint8Array(await response.arrayBuffer()) };
      }),
    );
    saveBlob(storedZip(entries), "pictures.zip");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    studio.notify(t("gallery.downloadFailed"));
  }
}

export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  save(url, name);
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

function save(url: string, name: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}
