/** Subgraphs that are kept for other documents: workflow files in a folder of their own on the server. */
import { uuid } from "../model/document/ids";
import { t } from "../i18n/text";
import type { Point } from "../model/document/document";
import { serialise } from "../model/format/format";
import { toJson } from "../model/format/json";
import { standalone } from "../model/subgraphs/keeping";
import { files, type FileInfo } from "../runtime/files";
import { ApiError } from "../runtime/http";
import { pasteAt } from "./pasting";
import type { Studio } from "./studio";

/** Names of their files start with this. */
const LIBRARY_FOLDER = "subgraphs/";

/** What is dragged out of the library is a node type, or this and the name of a file. */
export const SAVED_TYPE = "saved:";

/** Ask the server which there are. */
export async function listLibrary({ library }: Studio): Promise<void> {
  const { workflows } = await files.list();
  library.setState(workflows.filter(({ name }) => name.startsWith(LIBRARY_FOLDER)), true);
}

/** Keep a definition of the open document; one of the same name is replaced, and the server keeps its versions. */
export async function saveToLibrary(studio: Studio, definition: string): Promise<void> {
  const document = standalone(studio.documents.document, definition, uuid());
  if (!document) return;
  await said(studio, async () => {
    await listLibrary(studio);
    const file = LIBRARY_FOLDER + document.name.replaceAll("/", "-");
    const there = studio.library.getState().find(({ name }) => name === file);
    await files.save(file, serialise(document), there?.etag ?? null);
    await listLibrary(studio);
    studio.notify(t("subgraph.kept", { name: document.name }));
  });
}

/** Put an instance of a kept subgraph on the canvas; its definition comes along unless it is there already. */
export async function insertSaved(studio: Studio, file: string, at: Point): Promise<void> {
  await said(studio, async () => {
    const { data } = await files.read(file);
    if (!pasteAt(studio, toJson(data), at, { whole: true })) studio.notify(t("subgraph.unreadable", { name: file }));
  });
}

/** Take a kept subgraph out of the library; documents that use it have their own copies. */
export async function removeSaved(studio: Studio, { name, etag }: FileInfo): Promise<void> {
  await said(studio, async () => {
    await files.remove(name, etag);
    await listLibrary(studio);
    const restore = (): void => void said(studio, async () => files.restore(name).then(() => listLibrary(studio)));
    studio.notify(t("subgraph.removed", { name: titleOf(name) }), { label: t("subgraph.restore"), run: restore });
  });
}

export function titleOf(file: string): string {
  return file.slice(LIBRARY_FOLDER.length);
}

async function said(studio: Studio, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    studio.notify([error.message, error.hint].filter(Boolean).join(" "));
  }
}
