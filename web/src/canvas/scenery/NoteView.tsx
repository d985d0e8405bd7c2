import type { NodeProps } from "@xyflow/react";
import { lazy, memo, Suspense, type CSSProperties } from "react";
import { setNoteText } from "../../model/commands";
import { itemOf } from "../../model/layout/boxes";
import type { Point } from "../../model/document/document";
import { useView, useWorkspace } from "../../state/context";
import { choose } from "../../state/view";
import { sceneryTint } from "../../ui/tints";
import { t } from "../../i18n/text";
import { ResizeGrip } from "./ResizeGrip";
import type { NoteNode } from "./scenery";
import styles from "./Scenery.module.css";

const Markdown = lazy(async () => ({ default: (await import("../../ui/Markdown")).Markdown }));
const SMALLEST: Point = [88, 44];

/** A text on the canvas. A double click writes it, with the browser's own undo while one types. */
export const NoteView = memo(function NoteView({ id, data: { note }, selected }: NodeProps<NoteNode>) {
  const { view } = useWorkspace();
  const editing = useView(({ renaming }) => renaming === id);
  const tint = { "--tint": sceneryTint(note.color) } as CSSProperties;
  return (
    <div
      className={`${styles["note"]} ${selected ? styles["selected"] : ""} nowheel`}
      style={tint}
      onPointerDown={(event) => choose(view, id, event.shiftKey || event.ctrlKey || event.metaKey)}
      onDoubleClick={() => view.setState({ renaming: id })}
    >
      {editing ? (
        <Writing item={id} text={note.text} />
      ) : note.text.trim() ? (
        <Suspense fallback={note.text}>
          <Markdown text={note.text} />
        </Suspense>
      ) : (
        <p className={styles["hint"]}>{t("note.empty")}</p>
      )}
      <ResizeGrip item={id} smallest={SMALLEST} position="bottom-right" />
    </div>
  );
});

function Writing({ item, text }: { item: string; text: string }) {
  const { documents, view } = useWorkspace();
  return (
    <textarea
      className={`${styles["writing"]} nodrag nopan nowheel`}
      defaultValue={text}
      aria-label={t("note.text")}
      placeholder={t("note.empty")}
      ref={(area) => area?.focus()}
      onPointerDown={(event) => event.stopPropagation()}
      onBlur={(event) => {
        documents.run(setNoteText, { id: itemOf(item).id, text: event.target.value });
        view.setState({ renaming: null });
      }}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape" || (event.key === "Enter" && (event.ctrlKey || event.metaKey))) event.currentTarget.blur();
      }}
    />
  );
}
