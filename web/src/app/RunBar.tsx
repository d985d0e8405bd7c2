import { Menu } from "@base-ui/react/menu";
import { ChevronDown } from "lucide-react";
import { useState } from "react";
import { isFinal } from "../runtime/jobs";
import { useDocument, useRuntime, useStudio, useUi } from "../state/context";
import { MOST_RUNS, runBatch } from "../state/running";
import { Button } from "../ui/Button";
import menu from "../ui/Menu.module.css";
import { t } from "../i18n/text";
import { COMMANDS } from "./commands";
import { cancelCurrent } from "./commands/run";
import { CommandItems } from "./CommandItems";
import styles from "./RunBar.module.css";
import { RunPlan } from "./RunPlan";
import { RunProgress } from "./RunProgress";
import { useKeyedLabel, useKeys } from "./useKeys";

/** What a run would compute, or how far it is; and Run. */
export function RunBar() {
  const studio = useStudio();
  const cancelLabel = useKeyedLabel("cancel");
  const runLabel = useKeyedLabel("run");
  const runKeys = useKeys("run");
  const live = useRuntime((state) => state.phase === "live");
  const document = useDocument(({ id }) => id);
  const open = useRuntime(({ jobs }) =>
    jobs.order
      .filter((id) => jobs.ours[id]?.document === document && !isFinal(jobs.byId[id]?.record.state ?? "failed"))
      .join(" "),
  );
  return (
    <>
      {open ? <RunProgress open={open.split(" ")} /> : <RunPlan />}
      <div className={styles["run"]} data-tour="run">
        {open && (
          <Button disabled={!live} onClick={() => cancelCurrent(studio)} title={cancelLabel}>
            {t("command.cancel")}
          </Button>
        )}
        <BatchCount />
        <div className={styles["split"]}>
          <Button look="primary" disabled={!live} onClick={() => runBatch(studio)} title={runLabel}>
            {t("command.run")} <kbd className={styles["keys"]}>{runKeys}</kbd>
          </Button>
          <MoreWays />
        </div>
      </div>
    </>
  );
}

/** How often Run runs; typed or stepped. */
function BatchCount() {
  const { ui } = useStudio();
  const batch = useUi((state) => state.batch);
  const [typed, setTyped] = useState<string | null>(null);
  const set = (value: number): void => ui.setState({ batch: Math.max(1, Math.min(MOST_RUNS, Math.round(value) || 1)) });
  return (
    <label className={`${styles["batch"]} ${batch > 1 ? styles["several"] : ""}`} title={t("run.batch.hint", { most: MOST_RUNS })}>
      <span aria-hidden="true">×</span>
      <input
        aria-label={t("run.batch")}
        inputMode="numeric"
        autoComplete="off"
        value={typed ?? batch}
        onFocus={(event) => event.target.select()}
        onChange={(event) => {
          setTyped(event.target.value);
          if (Number(event.target.value) >= 1) set(Number(event.target.value));
        }}
        onBlur={() => setTyped(null)}
        onKeyDown={(event) => {
          if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
          event.preventDefault();
          setTyped(null);
          set(batch + (event.key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 10 : 1));
        }}
      />
    </label>
  );
}

const WAYS = COMMANDS.filter((command) => command.menu === "run");

function MoreWays() {
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger className={styles["more"] ?? ""} aria-label={t("run.more")} title={t("run.more")}>
        <ChevronDown size={14} />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className={menu["positioner"] ?? ""} align="end" sideOffset={6} collisionPadding={8}>
          <Menu.Popup className={menu["popup"] ?? ""}>
            <CommandItems commands={WAYS} />
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
