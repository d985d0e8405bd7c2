import { useState, type FormEvent } from "react";
import { wordsOf } from "../../app/commands/files";
import { t } from "../../i18n/text";
import { useDocument, useDocumentState, useStudio } from "../../state/context";
import { NameTaken } from "../../state/saving";
import { Button } from "../../ui/Button";
import { Overlay } from "../../ui/Overlay";
import styles from "./Files.module.css";

/** Under which name, and in which folder, a document is saved. */
export function SaveAs() {
  const studio = useStudio();
  const title = useDocument((document) => document.name);
  const { file } = useDocumentState((state) => ({ file: state.file }));
  const [name, setName] = useState(file?.name ?? title);
  const [wrong, setWrong] = useState("");
  const close = (): void => studio.ui.setState({ overlay: null });

  async function save(event: FormEvent): Promise<void> {
    event.preventDefault();
    const wanted = name.trim();
    if (!wanted) return;
    try {
      await studio.saving.save(wanted);
      close();
    } catch (error) {
      setWrong(error instanceof NameTaken ? t("saveAs.taken", { name: wanted }) : wordsOf(error as Error));
    }
  }

  return (
    <Overlay title={t("saveAs.title")} size="small">
      <form className={styles["form"]} onSubmit={(event) => void save(event)}>
        <label>
          <span>{t("saveAs.name")}</span>
          <input
            className={styles["field"]}
            value={name}
            aria-invalid={wrong !== ""}
            aria-describedby="save-as-hint"
            spellCheck={false}
            ref={(input) => input?.focus()}
            onFocus={(event) => event.target.select()}
            onChange={(event) => {
              setName(event.target.value);
              setWrong("");
            }}
          />
        </label>
        <p id="save-as-hint" className={wrong ? styles["wrong"] : styles["hint"]} role={wrong ? "alert" : undefined}>
          {wrong || t("saveAs.hint")}
        </p>
        <div className={styles["actions"]}>
          <Button onClick={close}>{t("saveAs.cancel")}</Button>
          <Button look="primary" type="submit" disabled={!name.trim()}>
            {t("saveAs.save")}
          </Button>
        </div>
      </form>
    </Overlay>
  );
}
