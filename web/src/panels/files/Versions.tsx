import { useEffect, useState } from "react";
import { wordsOf } from "../../app/commands/files";
import { t } from "../../i18n/text";
import { replaceDocument } from "../../model/commands";
import type { Document } from "../../model/document/document";
import { parseDocument, serialise } from "../../model/format/format";
import { files, type VersionInfo } from "../../runtime/files";
import { useDocument, useDocumentState, useStudio } from "../../state/context";
import { Button } from "../../ui/Button";
import { dateAndTime } from "../../ui/format";
import { Overlay } from "../../ui/Overlay";
import { DiffView } from "../DiffView";
import styles from "./Files.module.css";

interface Version {
  readonly info: VersionInfo;
  readonly document: Document;
}

async function read(name: string, info: VersionInfo): Promise<Version> {
  return { info, document: parseDocument(await files.version(name, info.id)) };
}

/** All versions, and what the newest holds: it is the first that one compares with. */
async function newestOf(name: string): Promise<{ found: readonly VersionInfo[]; newest: Version | null }> {
  const found = await files.versions(name);
  const [first] = found;
  return { found, newest: first ? await read(name, first) : null };
}

/** Earlier states of the open document, each beside what it is now. */
export function Versions() {
  const studio = useStudio();
  const { file } = useDocumentState((state) => ({ file: state.file }));
  const now = useDocument((document) => document);
  const [versions, setVersions] = useState<readonly VersionInfo[] | null>(null);
  const [chosen, setChosen] = useState<Version | null>(null);
  const name = file?.name ?? "";

  useEffect(() => {
    newestOf(name).then(
      ({ found, newest }) => {
        setVersions(found);
        setChosen(newest);
      },
      (error: Error) => studio.notify(wordsOf(error)),
    );
  }, [name, studio]);

  async function choose(info: VersionInfo): Promise<void> {
    setChosen(await read(name, info));
  }

  function restore({ info, document }: Version): void {
    studio.documents.run(replaceDocument, { ...document, name: now.name });
    studio.ui.setState({ overlay: null });
    studio.notify(t("versions.restored", { time: dateAndTime(info.saved * 1000) }));
  }

  const same = chosen && serialise({ ...chosen.document, id: now.id, name: now.name }) === serialise(now);
  return (
    <Overlay title={t("versions.title", { name })} size="wide">
      {versions?.length === 0 && <p className={styles["empty"]}>{t("versions.none")}</p>}
      <div className={styles["versions"]}>
        <ul className={styles["list"]}>
          {versions?.map((info) => (
            <li key={info.id}>
              <button
                type="button"
                className={styles["version"]}
                aria-pressed={chosen?.info.id === info.id}
                onClick={() => void choose(info).catch((error: Error) => studio.notify(wordsOf(error)))}
              >
                <span>{dateAndTime(info.saved * 1000)}</span>
                <span className={styles["hint"]}>{t("open.nodes", { count: info.nodes ?? 0 })}</span>
              </button>
            </li>
          ))}
        </ul>
        {chosen && (
          <div className={styles["compared"]}>
            {same ? <p className={styles["empty"]}>{t("versions.same")}</p> : <DiffView before={chosen.document} after={now} names={{ before: dateAndTime(chosen.info.saved * 1000), after: t("versions.now") }} />}
            {!same && (
              <div className={styles["actions"]}>
                <Button look="primary" onClick={() => restore(chosen)}>
                  {t("versions.restore")}
                </Button>
              </div>
            )}
          </div>
        )}
      </div>
    </Overlay>
  );
}
