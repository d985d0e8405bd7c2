import { BoxSelect, Hand, Lasso, Scissors, StickyNote, Workflow } from "lucide-react";
import type { ReactNode } from "react";
import { commandOf } from "../../app/commands";
import { useKeyedLabel } from "../../app/useKeys";
import { useSettings, useStudio, useView } from "../../state/context";
import { t } from "../../i18n/text";
import styles from "./ToolBar.module.css";

/** What a drag on the empty canvas does, and what is done to all of it: for mouse, pen and finger. */
export function ToolBar() {
  const { settings } = useStudio();
  const leftDrag = useSettings((all) => all.leftDrag);
  const tool = useView((state) => state.tool);
  return (
    <div className={styles["bar"]} data-cover="" data-zoomable role="toolbar" aria-label={t("tool.title")} aria-orientation="vertical">
      <Tool label={t("tool.pan")} on={tool === "pointer" && leftDrag === "pan"} press={() => settings.setState({ leftDrag: "pan" })}>
        <Hand size={15} aria-hidden="true" />
      </Tool>
      <Tool label={t("tool.select")} on={tool === "pointer" && leftDrag === "select"} press={() => settings.setState({ leftDrag: "select" })}>
        <BoxSelect size={15} aria-hidden="true" />
      </Tool>
      <CommandTool id="lasso" on={tool === "lasso"}>
        <Lasso size={15} aria-hidden="true" />
      </CommandTool>
      <CommandTool id="knife" on={tool === "knife"}>
        <Scissors size={15} aria-hidden="true" />
      </CommandTool>
      <hr className={styles["gap"]} />
      <CommandTool id="addNote">
        <StickyNote size={15} aria-hidden="true" />
      </CommandTool>
      <CommandTool id="tidy">
        <Workflow size={15} aria-hidden="true" />
      </CommandTool>
    </div>
  );
}

function CommandTool({ id, on, children }: { id: string; on?: boolean; children: ReactNode }) {
  const studio = useStudio();
  const label = useKeyedLabel(id);
  const command = commandOf(id);
  if (!command) return null;
  return (
    <Tool label={label} {...(on !== undefined && { on })} press={() => command.run(studio)}>
      {children}
    </Tool>
  );
}

interface ToolProps {
  label: string;
  on?: boolean;
  press: () => void;
  children: ReactNode;
}

function Tool({ label, on, press, children }: ToolProps) {
  return (
    <button type="button" className={styles["tool"]} aria-label={label} title={label} aria-pressed={on} onClick={press}>
      {children}
    </button>
  );
}
