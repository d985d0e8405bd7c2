import { Menu } from "@base-ui/react/menu";
import { Check, ChevronRight } from "lucide-react";
import { Fragment, type ReactNode } from "react";
import { t } from "../i18n/text";
import type { Point } from "../model/document/document";
import { useStudio } from "../state/context";
import styles from "../ui/Menu.module.css";
import type { AppCommand } from "./commands";
import { menuRows, type MenuRow } from "./menuRows";
import { useKeys } from "./useKeys";

interface Props {
  commands: readonly AppCommand[];
  /** Where in the window they are asked for, if that matters. */
  place?: Point;
}

/** Commands as the rows of a menu, with lines between groups; long groups behind a row of their own. */
export function CommandItems({ commands, ...rest }: Props) {
  return menuRows(commands).map((rows, index) => (
    <Fragment key={index}>
      {index > 0 && <Menu.Separator className={styles["separator"] ?? ""} />}
      {rows.map((row) => (
        <Row key={"fold" in row ? row.fold : row.command.id} row={row} {...rest} />
      ))}
    </Fragment>
  ));
}

function Row({ row, place }: { row: MenuRow; place?: Point }) {
  const at = place && { place };
  if ("command" in row) return <CommandItem command={row.command} {...at} />;
  return (
    <Submenu label={t(`menu.group.${row.fold}`)} indented>
      {row.commands.map((command) => (
        <CommandItem key={command.id} command={command} {...at} />
      ))}
    </Submenu>
  );
}

interface SubmenuProps {
  label: string;
  children: ReactNode;
  /** In line with rows that have room for a mark. */
  indented?: boolean;
}

/** A row that opens further rows beside it. */
export function Submenu({ label, children, indented = false }: SubmenuProps) {
  return (
    <Menu.SubmenuRoot>
      <Menu.SubmenuTrigger className={styles["item"] ?? ""}>
        {indented && <span className={styles["mark"]} />}
        <span className={styles["label"]}>{label}</span>
        <ChevronRight size={13} aria-hidden="true" />
      </Menu.SubmenuTrigger>
      <Menu.Portal>
        <Menu.Positioner className={styles["positioner"] ?? ""} alignOffset={-5} sideOffset={4} collisionPadding={8}>
          <Menu.Popup className={styles["popup"] ?? ""} data-zoomable>
            {children}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.SubmenuRoot>
  );
}

function CommandItem({ command, place }: { command: AppCommand; place?: Point }) {
  const studio = useStudio();
  const keys = useKeys(command.id);
  const on = command.checked?.(studio) ?? false;
  return (
    <Menu.Item
      className={styles["item"] ?? ""}
      disabled={command.enabled?.(studio) === false}
      // The menu gives the focus back first, so that what is chosen may take it.
      onClick={() => requestAnimationFrame(() => command.run(studio, place))}
      {...(command.checked && { role: "menuitemcheckbox", "aria-checked": on })}
    >
      <span className={styles["mark"]}>{on && <Check size={12} />}</span>
      <span className={styles["label"]}>{t(command.label)}</span>
      <kbd className={styles["keys"]}>{keys}</kbd>
    </Menu.Item>
  );
}
