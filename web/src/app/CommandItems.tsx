import { Menu } from "@base-ui/react/menu";
import { Check } from "lucide-react";
import { Fragment } from "react";
import { t } from "../i18n/text";
import type { Point } from "../model/document";
import { useStudio } from "../state/context";
import styles from "../ui/Menu.module.css";
import type { AppCommand } from "./commands";
import { useKeys } from "./useKeys";

interface Props {
  commands: readonly AppCommand[];
  /** Where in the window they are asked for, if that matters. */
  place?: Point;
}

/** Commands as the rows of a menu, with lines between groups. */
export function CommandItems({ commands, place: at }: Props) {
  return commands.map((command, place) => (
    <Fragment key={command.id}>
      {place > 0 && commands[place - 1]?.group !== command.group && <Menu.Separator className={styles["separator"] ?? ""} />}
      <CommandItem command={command} {...(at && { at })} />
    </Fragment>
  ));
}

function CommandItem({ command, at }: { command: AppCommand; at?: Point }) {
  const studio = useStudio();
  const keys = useKeys(command.id);
  const on = command.checked?.(studio) ?? false;
  return (
    <Menu.Item
      className={styles["item"] ?? ""}
      disabled={command.enabled?.(studio) === false}
      // The menu gives the focus back first, so that what is chosen may take it.
      onClick={() => requestAnimationFrame(() => command.run(studio, at))}
      {...(command.checked && { role: "menuitemcheckbox", "aria-checked": on })}
    >
      <span className={styles["mark"]}>{on && <Check size={12} />}</span>
      <span className={styles["label"]}>{t(command.label)}</span>
      <kbd className={styles["keys"]}>{keys}</kbd>
    </Menu.Item>
  );
}
