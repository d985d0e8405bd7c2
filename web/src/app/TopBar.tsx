import { PanelLeft, PanelRight, Redo2, Undo2 } from "lucide-react";
import { useMemo } from "react";
import { renameDocument } from "../model/commands";
import { neededNodes, nodesBelow, seedsDrawn } from "../model/signature";
import { isFinal } from "../runtime/jobs";
import { useDocument, useDocumentState, useNodeTypes, useRuns, useRuntime, useStudio, useUi, useWorkspace } from "../state/context";
import { Button, IconButton } from "../ui/Button";
import { t } from "../i18n/text";
import { cancelCurrent } from "./commands/run";
import { FileMenu } from "./FileMenu";
import styles from "./TopBar.module.css";
import { keysOf, withKeys } from "./useShortcuts";

/** Name, document, what a run would compute, and Run. */
export function TopBar() {
  const { ui } = useStudio();
  const { documents } = useWorkspace();
  const open = useUi((state) => state.panel);
  const history = useDocumentState(({ editing }) => ({
    past: editing.past.length > 0,
    future: editing.future.length > 0,
  }));
  return (
    <header className={styles["bar"]}>
      <IconButton
        label={t("library.title")}
        className={styles["narrow"]}
        aria-pressed={open === "library"}
        onClick={() => ui.setState({ panel: open === "library" ? null : "library" })}
      >
        <PanelLeft size={16} />
      </IconButton>
      <h1 className={styles["name"]} aria-label={t("app.name")}>
        wire<span>brush</span>
      </h1>
      <div className={styles["document"]}>
        <Title />
        <FileMenu />
      </div>
      <IconButton label={withKeys("undo")} disabled={!history.past} onClick={() => documents.undo()}>
        <Undo2 size={15} />
      </IconButton>
      <IconButton label={withKeys("redo")} disabled={!history.future} onClick={() => documents.redo()}>
        <Redo2 size={15} />
      </IconButton>
      <div className={styles["space"]} />
      <Plan />
      <RunButtons />
      <IconButton
        label={t("panel.activity")}
        className={styles["narrow"]}
        aria-pressed={open === "activity"}
        onClick={() => ui.setState({ panel: open === "activity" ? null : "activity" })}
      >
        <PanelRight size={16} />
      </IconButton>
    </header>
  );
}

/** The document's name, edited in place. */
function Title() {
  const { documents } = useWorkspace();
  const name = useDocument((document) => document.name);
  return (
    <input
      key={name}
      className={styles["title"]}
      defaultValue={name}
      aria-label={t("title.label")}
      spellCheck={false}
      size={Math.min(32, Math.max(6, name.length))}
      onBlur={(event) => {
        const wanted = event.target.value.trim();
        if (wanted) documents.run(renameDocument, wanted);
        else event.target.value = name;
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") event.currentTarget.value = name;
        if (event.key === "Enter" || event.key === "Escape") event.currentTarget.blur();
      }}
    />
  );
}

/** How many nodes a run would compute: those whose result is not known to be there. */
function Plan() {
  const workspace = useWorkspace();
  const document = useDocument((all) => all);
  const catalog = useNodeTypes();
  const runs = useRuns(({ nodes }) => nodes);
  const { total, stale } = useMemo(() => {
    if (!catalog) return { total: 0, stale: 0 };
    const needed = neededNodes(document, catalog);
    const now = workspace.signaturesOf(document);
    const drawn = nodesBelow(document, seedsDrawn(document));
    const old = [...needed].filter((id) => drawn.has(id) || runs[id]?.signature !== now[id]);
    return { total: needed.size, stale: old.length };
  }, [catalog, document, runs, workspace]);
  if (!catalog) return null;
  const words =
    total === 0 ? t("run.none") : stale === 0 ? t("run.fresh") : t("run.compute", { count: stale, total });
  return (
    <span className={styles["plan"]} title={total === 0 ? t("run.none.hint") : undefined}>
      {words}
    </span>
  );
}

function RunButtons() {
  const studio = useStudio();
  const live = useRuntime((state) => state.phase === "live");
  const document = useDocument(({ id }) => id);
  const busy = useRuntime(({ jobs }) =>
    jobs.order.some((id) => jobs.ours[id]?.document === document && !isFinal(jobs.byId[id]?.record.state ?? "failed")),
  );
  return (
    <div className={styles["run"]}>
      {busy && (
        <Button onClick={() => cancelCurrent(studio)} title={withKeys("cancel")}>
          {t("command.cancel")}
        </Button>
      )}
      <Button look="primary" disabled={!live} onClick={() => studio.run()} title={withKeys("run")}>
        {t("command.run")} <kbd className={styles["keys"]}>{keysOf("run")}</kbd>
      </Button>
    </div>
  );
}
