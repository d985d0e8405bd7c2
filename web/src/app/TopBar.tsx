import { PanelLeft, PanelRight, Redo2, Undo2 } from "lucide-react";
import { useDocumentState, useStudio, useUi, useWorkspace } from "../state/context";
import { IconButton } from "../ui/Button";
import { t } from "../i18n/text";
import { MainMenu } from "./MainMenu";
import { RunBar } from "./RunBar";
import { Tabs } from "./Tabs";
import styles from "./TopBar.module.css";
import { useKeyedLabel } from "./useKeys";

/** The menu, the open documents, what a run would compute, and Run. */
export function TopBar() {
  const { ui } = useStudio();
  const { documents } = useWorkspace();
  const undo = useKeyedLabel("undo");
  const redo = useKeyedLabel("redo");
  const open = useUi((state) => state.panel);
  const history = useDocumentState(({ editing }) => ({
    past: editing.past.length > 0,
    future: editing.future.length > 0,
  }));
  return (
    <header className={styles["bar"]} data-zoomable>
      <IconButton
        label={t("library.title")}
        className={styles["narrow"]}
        data-tour="library"
        aria-pressed={open === "library"}
        onClick={() => ui.setState({ panel: open === "library" ? null : "library" })}
      >
        <PanelLeft size={16} />
      </IconButton>
      <MainMenu />
      <Tabs />
      <IconButton label={undo} disabled={!history.past} onClick={() => documents.undo()}>
        <Undo2 size={15} />
      </IconButton>
      <IconButton label={redo} disabled={!history.future} onClick={() => documents.redo()}>
        <Redo2 size={15} />
      </IconButton>
      <div className={styles["space"]} />
      <RunBar />
      <IconButton
        label={t("panel.activity")}
        className={styles["narrow"]}
        data-tour="activity"
        aria-pressed={open === "activity"}
        onClick={() => ui.setState({ panel: open === "activity" ? null : "activity" })}
      >
        <PanelRight size={16} />
      </IconButton>
    </header>
  );
}
