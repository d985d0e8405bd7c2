import { Plus, X } from "lucide-react";
import { useState, type KeyboardEvent } from "react";
import { useStore } from "zustand";
import { useShallow } from "zustand/react/shallow";
import { t } from "../i18n/text";
import { useStudio } from "../state/context";
import type { Workspace } from "../state/workspace";
import { IconButton } from "../ui/Button";
import { renameTo } from "./commands/files";
import styles from "./Tabs.module.css";

/** The open documents. A dot says that there is something to save; nothing unsaved is lost. */
export function Tabs() {
  const studio = useStudio();
  const open = useStore(studio.workspaces, (state) => state.open);
  const active = useStore(studio.workspaces, (state) => state.active);

  function key(event: KeyboardEvent): void {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!step || (event.target as HTMLElement).tagName === "INPUT") return;
    event.preventDefault();
    event.stopPropagation();
    studio.tabs.step(step);
    requestAnimationFrame(() => document.querySelector<HTMLElement>('[role="tab"][aria-selected="true"]')?.focus());
  }

  return (
    <div className={styles["strip"]}>
      <div role="tablist" className={styles["owner"]} aria-label={t("tabs.title")} aria-owns={open.map((_, place) => `tab-${place}`).join(" ")} />
      <div className={styles["tabs"]} role="presentation" onKeyDown={key}>
        {open.map((workspace, place) => (
          <Tab key={place} workspace={workspace} place={place} active={workspace === active} />
        ))}
      </div>
      <IconButton label={t("file.new")} onClick={() => void studio.tabs.openEmpty(t("file.untitled"))}>
        <Plus size={15} />
      </IconButton>
    </div>
  );
}

interface TabProps {
  workspace: Workspace;
  place: number;
  active: boolean;
}

const DRAGGED = "application/x-wirebrush-tab";

function Tab({ workspace, place, active }: TabProps) {
  const studio = useStudio();
  const [renaming, setRenaming] = useState(false);
  const { name, edited, keeping, file } = useStore(
    workspace.documents.store,
    useShallow((state) => ({
      name: state.editing.document.name,
      edited: state.edited,
      keeping: state.keeping,
      file: state.file?.name ?? "",
    })),
  );
  if (renaming) return <NameField workspace={workspace} name={name} end={() => setRenaming(false)} />;
  const words = [name, edited && t("tabs.edited"), keeping === "conflict" && t("tabs.conflict")];
  return (
    <div
      className={`${styles["tab"]} ${active ? styles["active"] : ""}`}
      draggable
      onDragStart={(event) => event.dataTransfer.setData(DRAGGED, String(place))}
      onDragOver={(event) => {
        if (event.dataTransfer.types.includes(DRAGGED)) event.preventDefault();
      }}
      onDrop={(event) => {
        const from = studio.workspaces.getState().open[Number(event.dataTransfer.getData(DRAGGED))];
        if (from) studio.tabs.move(from, place);
      }}
      onAuxClick={(event) => {
        if (event.button === 1) void studio.tabs.close(workspace);
      }}
    >
      <button
        type="button"
        role="tab"
        id={`tab-${place}`}
        ref={active ? (tab) => tab?.scrollIntoView({ block: "nearest", inline: "nearest" }) : undefined}
        className={styles["name"]}
        aria-selected={active}
        tabIndex={active ? 0 : -1}
        aria-label={words.filter(Boolean).join(", ")}
        title={file || name}
        onClick={() => studio.tabs.activate(workspace)}
        onDoubleClick={() => setRenaming(true)}
        onKeyDown={(event) => {
          if (event.key === "F2") setRenaming(true);
          if (event.key === "Delete") void studio.tabs.close(workspace);
          if (event.key === "F2" || event.key === "Delete") event.stopPropagation();
        }}
      >
        <span className={styles["words"]}>{name}</span>
        {edited && <span className={styles["dot"]} data-state={keeping} aria-hidden="true" />}
      </button>
      <button type="button" className={styles["close"]} tabIndex={-1} aria-label={t("tabs.close", { name })} title={t("tabs.close", { name })} onClick={() => void studio.tabs.close(workspace)}>
        <X size={12} />
      </button>
    </div>
  );
}

/** The document's name, edited in place. */
function NameField({ workspace, name, end }: { workspace: Workspace; name: string; end: () => void }) {
  const studio = useStudio();
  return (
    <input
      className={styles["field"]}
      defaultValue={name}
      aria-label={t("title.label")}
      spellCheck={false}
      ref={(input) => input?.focus()}
      onFocus={(event) => event.target.select()}
      onBlur={(event) => {
        end();
        const wanted = event.target.value.trim();
        if (wanted && wanted !== name) void renameTo(studio, workspace, wanted);
      }}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") event.currentTarget.value = name;
        if (event.key === "Enter" || event.key === "Escape") event.currentTarget.blur();
      }}
    />
  );
}
