import { useState } from "react";
import { called, wordsOf } from "../../app/commands/files";
import { t } from "../../i18n/text";
import { thumbnailUrl } from "../../runtime/api";
import { files, type FileInfo } from "../../runtime/files";
import { useStudio } from "../../state/context";
import { dateAndTime } from "../../ui/format";
import { Card } from "./Card";
import styles from "./Files.module.css";

interface Props {
  file: FileInfo;
  /** Ask the server anew what there is. */
  refresh: () => void;
  open: (work: Promise<void>) => void;
}

/** A saved workflow: open, copy, rename or move, delete (and take that back). */
export function FileCard({ file, refresh, open }: Props) {
  const studio = useStudio();
  const [renaming, setRenaming] = useState(false);
  const leaf = file.name.split("/").at(-1) ?? file.name;

  function act(work: () => Promise<void>): void {
    work().catch((error: Error) => studio.notify(wordsOf(error)));
  }

  async function remove(): Promise<void> {
    await files.remove(file.name, file.etag);
    refresh();
    const restore = async (): Promise<void> => {
      await files.restore(file.name);
      refresh();
    };
    studio.notify(t("open.deleted", { name: file.name }), { label: t("open.undo"), run: () => act(restore) });
  }

  async function move(to: string): Promise<void> {
    setRenaming(false);
    if (!to.trim() || to.trim() === file.name) return;
    const moved = await files.move(file.name, to.trim(), file.etag);
    const { open: shown } = studio.workspaces.getState();
    for (const workspace of shown) if (workspace.documents.store.getState().file?.name === file.name) called(workspace, moved);
    refresh();
  }

  return (
    <Card
      name={leaf}
      detail={dateAndTime(file.modified * 1000)}
      picture={file.thumbnail ? thumbnailUrl(file.thumbnail, 256) : null}
      open={() => open(studio.tabs.openFile(file.name))}
      editing={
        renaming && (
          <input
            className={styles["field"]}
            defaultValue={file.name}
            aria-label={t("open.newName")}
            title={t("open.newName")}
            spellCheck={false}
            ref={(input) => input?.focus()}
            onFocus={(event) => event.target.select()}
            onBlur={(event) => act(() => move(event.target.value))}
            onKeyDown={(event) => {
              if (event.key !== "Enter" && event.key !== "Escape") return;
              event.stopPropagation();
              if (event.key === "Escape") event.currentTarget.value = file.name;
              event.currentTarget.blur();
            }}
          />
        )
      }
      actions={[
        { label: t("open.duplicate"), run: () => open(files.read(file.name).then(({ data }) => studio.tabs.openData(data))) },
        { label: t("open.rename"), run: () => setRenaming(true) },
        { label: t("open.delete"), run: () => act(remove) },
      ]}
    />
  );
}
