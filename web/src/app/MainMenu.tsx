import { Menu } from "@base-ui/react/menu";
import { Menu as MenuIcon } from "lucide-react";
import { t } from "../i18n/text";
import styles from "../ui/Menu.module.css";
import { COMMANDS, type MenuName } from "./commands";
import { CommandItems, Submenu } from "./CommandItems";
import top from "./TopBar.module.css";

const MENUS: readonly MenuName[] = ["file", "edit", "arrange", "view", "run", "help"];

/** Every command of the page by what it is about. */
export function MainMenu() {
  return (
    <Menu.Root modal={false}>
      <div className={top["brand"]}>
        <Menu.Trigger className={top["menu"] ?? ""} aria-label={t("menu.title")} title={t("menu.title")} data-tour="menu">
          <MenuIcon size={16} aria-hidden="true" />
        </Menu.Trigger>
        <h1 className={top["name"]}>
          wire<span>brush</span>
        </h1>
      </div>
      <Menu.Portal>
        <Menu.Positioner className={styles["positioner"] ?? ""} sideOffset={6} align="start" collisionPadding={8}>
          <Menu.Popup className={styles["popup"] ?? ""} data-zoomable>
            {MENUS.map((name) => (
              <Submenu key={name} label={t(`menu.${name}`)}>
                <CommandItems commands={COMMANDS.filter(({ menu }) => menu === name)} />
              </Submenu>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
