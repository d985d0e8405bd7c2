import { useEffect, useMemo, useState } from "react";
import { wordsOf } from "../../app/commands/files";
import { t } from "../../i18n/text";
import { replaceDocument } from "../../model/commands";
import type { Document } from "../../model/document/document";
import { parseDocument, serialise } from "../../model/format/format";
import { files, type VersionInfo } from "../../runtime/files";
import { useDocument, useDocumentState, useStudio } from "../../state/context";
import { Button } from "../../ui/Button";
import { moment } from "../../ui/format";
import { Overlay } from "../../ui/Overlay";
import { DiffView } from "../DiffView";
import styles from "./Files.module.css";
import { useChanges } from "./useChanges";

interface Version {
  readonly info: VersionInfo;
  readonly document: Document;
}

type Read = (info: VersionInfo) => Promise<Document>;

/** Reads versions of a file, each once: they never change. */
function reader(name: string): Read {
  const known = new Map<string, Document>();
  return async ({ id }) => {
    const found = known.get(id) ?? parseDocument(await files.version(name, id));
    known.set(id, found);
    return found;
  };
}

/** All versions, and what the newest holds: it is the first that one compares with. */
async function newestOf(name: string, read: Read): Promise<{ found: readonly VersionInfo[]; newest: Version | null }> {
  const found = await files.versions(name);
  const [first] = found;
  return { found, newest: first ? { info: first, document: await read(first) } : null };
}

/** Earlier states of the open document, each beside what it is now; after each save there is one more. */
export function Versions() {
  const { file, name: title } = useDocumentState(({ file: filed, editing }) => ({ file: filed, name: editing.document.name }));
  return (
    <Overlay title={t("versions.title", { name: file?.name ?? title })} size="wide">
      {file ? <OfFile key={`${file.name} ${file.etag}`} name={file.name} /> : <p className={styles["empty"]}>{t("versions.none")}</p>}
    </Overlay>
  );
}

function OfFile({ name }: { name: string }) {
  const studio = useStudio();
  const now = useDocument((document) => document);
  const [versions, setVersions] = useState<readonly VersionInfo[] | null>(null);
  const [chosen, setChosen] = useState<Version | null>(null);
  const read = useMemo(() => reader(name), [name]);
  const changes = useChanges(versions, read);

  useEffect(() => {
    let current = true;
    newestOf(name, read).then(
      ({ found, newest }) => {
        if (!current) return;
        setVersions(found);
        setChosen(newest);
      },
      (error: Error) => studio.notify(wordsOf(error)),
    );
    return () => {
      current = false;
    };
  }, [name, read, studio]);

  async function choose(info: VersionInfo): Promise<void> {
    setChosen({ info, document: await read(info) });
  }

  function restore({ info, document }: Version): void {
    studio.documents.run(replaceDocument, { ...document, name: now.name });
    studio.ui.setState({ overlay: null });
    studio.notify(t("versions.restored", { time: moment(info.saved * 1000) }));
  }

  if (versions?.length === 0) return <p className={styles["empty"]}>{t("versions.none")}</p>;
  return (
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
              <span>{moment(info.saved * 1000)}</span>
              <span className={styles["hint"]}>{changes[info.id] ?? t("open.nodes", { count: info.nodes ?? 0 })}</span>
            </button>
          </li>
        ))}
      </ul>
      {chosen && <Compared version={chosen} now={now} restore={() => restore(chosen)} />}
    </div>
  );
}

/** What differs between a version and the document as it is, and the way back to it. */
function Compared({ version: { info, document }, now, restore }: { version: Version; now: Document; restore: () => void }) {
  const same = serialise({ ...document, id: now.id, name: now.name }) === serialise(now);
  if (same)
    return (
      <div className={styles["compared"]}>
        <p className={styles["empty"]}>{t("versions.same")}</p>
      </div>
    );
  return (
    <div className={styles["compared"]}>
      <DiffView before={document} after={now} names={{ before: moment(info.saved * 1000), after: t("versions.now") }} />
      <div className={styles["actions"]}>
        <Button look="primary" onClick={restore}>
          {t("versions.restore")}
        </Button>
      </div>
    </div>
  );
}
