import { Menu } from "@base-ui/react/menu";
import { useEffect, useMemo, useRef } from "react";
import { t } from "../i18n/text";
import { useStudio, useUi } from "../state/context";
import type { MenuRequest } from "../state/ui";
import styles from "../ui/Menu.module.css";
import { COMMANDS, type AppCommand } from "./commands";
import { CommandItems } from "./CommandItems";

/** What can be done to the thing that was pointed at, where it was pointed at. */
export function ContextMenu() {
  const request = useUi(({ menu }) => menu);
  return request && <Opened key={request.at.join()} request={request} />;
}

/** What is wanted most stands first; groups that are not named follow. */
const ORDER = ["add", "run", "node", "look", "clipboard", "frame", "subgraph"];

/** In a window so narrow there may be room on neither side of a point. */
const NARROW = 700;

/** Why a menu closes when something beside it is pressed. */
const AWAY: ReadonlySet<string> = new Set(["outside-press", "focus-out"]);

/** Whether the press that asked for the menu goes on: a finger that is lifted presses nothing else. */
function useSamePress(): () => boolean {
  const same = useRef(true);
  useEffect(() => {
    const end = (): void => {
      same.current = false;
    };
    addEventListener("pointerdown", end, true);
    addEventListener("keydown", end, true);
    return () => {
      removeEventListener("pointerdown", end, true);
      removeEventListener("keydown", end, true);
    };
  }, []);
  return () => same.current;
}

function rank({ group = "" }: AppCommand): number {
  return ORDER.includes(group) ? ORDER.indexOf(group) : ORDER.length;
}

function Opened({ request: { on, at } }: { request: MenuRequest }) {
  const studio = useStudio();
  const commands = COMMANDS.filter((command) => command.on?.includes(on) && command.enabled?.(studio) !== false).toSorted((a, b) => rank(a) - rank(b));
  const isSame = useSamePress();
  const anchor = useMemo(() => ({ getBoundingClientRect: () => new DOMRect(at[0], at[1], 0, 0) }), [at]);
  return (
    <Menu.Root open modal={false} onOpenChange={(open, { reason }) => !open && !(isSame() && AWAY.has(reason)) && studio.ui.setState({ menu: null })}>
      <Menu.Portal>
        {/* Where no finger lies on it: beside the point, for there a long one has all of the window's height. */}
        <Menu.Positioner
          className={styles["positioner"] ?? ""}
          anchor={anchor}
          side={innerWidth < NARROW ? "bottom" : "right"}
          align="start"
          sideOffset={2}
          collisionPadding={8}
          collisionAvoidance={{ side: "flip", align: "shift" }}
        >
          <Menu.Popup className={styles["popup"] ?? ""} aria-label={t(`menu.on.${on}`)} data-zoomable>
            <CommandItems commands={commands} place={at} />
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
