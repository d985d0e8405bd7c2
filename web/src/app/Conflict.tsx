import { useDocument, useDocumentState, useStudio, useWorkspace } from "../state/context";
import type { Conflict } from "../state/document";
import { t } from "../i18n/text";
import { Button } from "../ui/Button";
import styles from "./Banner.module.css";

/** Two windows changed one document: a person says which of the two goes on, or sees here what was done there. */
export function ConflictDialog() {
  const { conflict, newer } = useDocumentState((state) => ({ conflict: state.conflict, newer: state.newer }));
  if (conflict) return <Choice conflict={conflict} />;
  return newer && <Newer />;
}

/** Another window went on with the document; here nothing was edited since. */
function Newer() {
  const studio = useStudio();
  const { saving } = useWorkspace();
  const name = useDocument((document) => document.name);
  const follow = (): void => {
    saving.follow().catch((error: Error) => studio.notify(error.message));
  };
  return (
    <div data-zoomable className={styles["banner"]} role="status">
      <span>{t("conflict.newer", { name })}</span>
      <Button onClick={follow}>{t("conflict.follow")}</Button>
    </div>
  );
}

function Choice({ conflict }: { conflict: Conflict }) {
  const studio = useStudio();
  const { saving, documents } = useWorkspace();
  const name = useDocument((document) => document.name);
  const act = (work: () => Promise<void>) => (): void => {
    work().catch((error: Error) => studio.notify(error.message));
  };

  /** Theirs stays here, ours goes on in a tab of its own. */
  async function keepBoth(): Promise<void> {
    const mine = documents.document;
    await saving.settle(conflict, "theirs");
    await studio.tabs.openCopy(mine);
  }

  return (
    <div data-zoomable className={`${styles["banner"]} ${styles["choice"]}`} role="alertdialog" aria-labelledby="conflict-title" aria-describedby="conflict-words">
      <h2 id="conflict-title">{t("conflict.title", { name })}</h2>
      <p id="conflict-words">{t(conflict.over === "file" ? "conflict.saved" : "conflict.edited", { by: conflict.by || t("conflict.somebody") })}</p>
      <div className={styles["buttons"]}>
        <Button onClick={() => studio.ui.setState({ overlay: "conflict" })}>{t("conflict.compare")}</Button>
        <Button onClick={act(() => saving.settle(conflict, "theirs"))}>{t("conflict.theirs")}</Button>
        <Button onClick={act(() => saving.settle(conflict, "mine"))}>{t("conflict.mine")}</Button>
        <Button look="primary" onClick={act(keepBoth)}>
          {t("conflict.both")}
        </Button>
      </div>
    </div>
  );
}
