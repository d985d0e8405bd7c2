import type { NodeProps } from "@xyflow/react";
import { memo, type CSSProperties } from "react";
import { setFrameTitle } from "../../model/commands";
import { itemOf } from "../../model/layout/boxes";
import { SMALLEST_FRAME } from "../../model/layout/frames";
import { useView, useWorkspace } from "../../state/context";
import { choose } from "../../state/view";
import { sceneryTint } from "../../ui/tints";
import { t } from "../../i18n/text";
import { ResizeGrip } from "./ResizeGrip";
import { FRAME_HANDLE, type FrameNode } from "./scenery";
import styles from "./Scenery.module.css";

/** A titled box behind nodes. Its title row drags it with what stands on it; its inside lets everything through. */
export const FrameView = memo(function FrameView({ id, data: { frame }, selected }: NodeProps<FrameNode>) {
  const { view } = useWorkspace();
  const tint = { "--tint": sceneryTint(frame.color) } as CSSProperties;
  const pick = (more: boolean): void => choose(view, id, more);
  return (
    <div className={`${styles["frame"]} ${selected ? styles["selected"] : ""}`} style={tint}>
      <header
        className={`${styles["head"]} ${FRAME_HANDLE}`}
        onPointerDown={(event) => pick(event.shiftKey || event.ctrlKey || event.metaKey)}
        onDoubleClick={() => view.setState({ renaming: id })}
      >
        <FrameTitle item={id} title={frame.title} />
      </header>
      <ResizeGrip item={id} smallest={SMALLEST_FRAME} position="bottom-right" />
      <ResizeGrip item={id} smallest={SMALLEST_FRAME} position="right" />
      <ResizeGrip item={id} smallest={SMALLEST_FRAME} position="bottom" />
    </div>
  );
});

function FrameTitle({ item, title }: { item: string; title: string }) {
  const { documents, view } = useWorkspace();
  const editing = useView(({ renaming }) => renaming === item);
  if (!editing) return <h2 className={styles["title"]}>{title || t("frame.untitled")}</h2>;
  const end = (): void => view.setState({ renaming: null });
  return (
    <input
      className={`${styles["titleInput"]} nodrag nopan`}
      defaultValue={title}
      aria-label={t("frame.title")}
      ref={(input) => input?.focus()}
      onFocus={(event) => event.target.select()}
      onPointerDown={(event) => event.stopPropagation()}
      onBlur={(event) => {
        documents.run(setFrameTitle, { id: itemOf(item).id, title: event.target.value.trim() });
        end();
      }}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter") event.currentTarget.blur();
        if (event.key === "Escape") {
          event.currentTarget.value = title;
          event.currentTarget.blur();
        }
      }}
    />
  );
}
