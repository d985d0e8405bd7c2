/** Documents: opening, saving, renaming, and files of this computer. */
import { t } from "../../i18n/text";
import { renameDocument } from "../../model/commands";
import { serialise } from "../../model/format/format";
import { files, type FileInfo } from "../../runtime/files";
import { ApiError } from "../../runtime/http";
import { NameTaken } from "../../state/saving";
import type { Studio } from "../../state/studio";
import type { Workspace } from "../../state/workspace";
import { openLocalFile } from "../openLocalFile";
import type { AppCommand } from "./command";

export const FILES: readonly AppCommand[] = [
  { id: "new", label: "file.new", menu: "file", group: "open", keys: ["Alt+N"], run: (studio) => attempt(studio, studio.tabs.openEmpty(t("file.untitled"))) },
  { id: "open", label: "file.open", menu: "file", group: "open", keys: ["Ctrl+O"], inFields: true, run: (studio) => studio.ui.setState({ overlay: "open" }) },
  { id: "import", label: "file.import", menu: "file", group: "open", keys: [], run: importFile },
  { id: "save", label: "file.save", menu: "file", group: "save", keys: ["Ctrl+S"], inFields: true, run: save },
  { id: "saveAs", label: "file.saveAs", menu: "file", group: "save", keys: ["Ctrl+Shift+S"], inFields: true, run: (studio) => studio.ui.setState({ overlay: "saveAs" }) },
  { id: "versions", label: "file.versions", menu: "file", group: "save", keys: [], enabled: isSaved, run: (studio) => studio.ui.setState({ overlay: "versions" }) },
  { id: "export", label: "file.export", menu: "file", group: "save", keys: ["Ctrl+Shift+E"], run: exportFile },
  { id: "closeTab", label: "file.close", menu: "file", group: "tabs", keys: ["Alt+W"], run: (studio) => attempt(studio, studio.tabs.close(studio.workspace)) },
  { id: "reopenTab", label: "file.reopen", menu: "file", group: "tabs", keys: ["Alt+Shift+W"], run: (studio) => attempt(studio, studio.tabs.reopen()) },
  { id: "nextTab", label: "file.next", menu: "file", group: "tabs", keys: ["Alt+PageDown"], run: (studio) => studio.tabs.step(1) },
  { id: "previousTab", label: "file.previous", menu: "file", group: "tabs", keys: ["Alt+PageUp"], run: (studio) => studio.tabs.step(-1) },
];

/** Save where the document belongs; where its name is taken, a person is asked for another. */
export function save(studio: Studio): void {
  studio.saving.save().catch((error: Error) => {
    if (error instanceof NameTaken) studio.ui.setState({ overlay: "saveAs" });
    else studio.notify(wordsOf(error));
  });
}

/** Give a document another name; its file, if it has one, is renamed with it. */
export async function renameTo(studio: Studio, workspace: Workspace, name: string): Promise<void> {
  const { documents, saving } = workspace;
  const { file } = documents.store.getState();
  if (!file) return documents.run(renameDocument, name);
  try {
    await saving.keep();
    const folder = file.name.split("/").slice(0, -1);
    called(workspace, await files.move(file.name, [...folder, name].join("/"), file.etag));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    studio.notify(wordsOf(error));
  }
}

/** A document's file has another name now. */
export function called({ documents, saving }: Workspace, { name, etag }: FileInfo): void {
  const { edited } = documents.store.getState();
  documents.amend(renameDocument, name.split("/").at(-1) ?? name);
  documents.store.setState({ file: { name, etag } });
  if (!edited) saving.opened(documents.document);
}

/** What went wrong and what can be done, in the server's words. */
export function wordsOf(error: Error): string {
  return [error.message, error instanceof ApiError ? error.hint : ""].filter(Boolean).join(" ");
}

function attempt(studio: Studio, work: Promise<void>): void {
  work.catch((error: Error) => studio.notify(wordsOf(error)));
}

function isSaved(studio: Studio): boolean {
  return studio.documents.store.getState().file !== null;
}

/** Choose a file of this computer and open what it holds. */
function importFile(studio: Studio): void {
  const picker = document.createElement("input");
  picker.type = "file";
  picker.accept = "application/json,.json,image/png,image/webp,image/jpeg";
  picker.addEventListener("change", () => {
    const [file] = picker.files ?? [];
    if (file) openLocalFile(studio, file).catch((error: Error) => studio.notify(wordsOf(error)));
  });
  picker.click();
}

function exportFile(studio: Studio): void {
  const { document: open } = studio.documents;
  const url = URL.createObjectURL(new Blob([serialise(open)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${open.name}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
