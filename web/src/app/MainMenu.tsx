import { Menu } from "@base-ui/react/menu";
import { ChevronRight, Menu as MenuIcon } from "lucide-react";
import { t } from "../i18n/text";
import styles from "../ui/Menu.module.css";
import { COMMANDS, type MenuName } from "./commands";
import { CommandItems } from "./CommandItems";
import top from "./TopBar.module.css";

const MENUS: readonly MenuName[] = ["file", "edit", "arrange", "view", "run", "help"];

/** Every command of the page by what it is about. */
export function MainMenu() {
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger className={top["brand"] ?? ""} aria-label={t("menu.title")}>
        <MenuIcon size={15} aria-hidden="true" />
        <h1 className={top["name"]}>
          wire<span>brush</span>
        </h1>
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className={styles["positioner"] ?? ""} sideOffset={6} align="start">
          <Menu.Popup className={styles["popup"] ?? ""}>
            {MENUS.map((name) => (
              <Submenu key={name} name={name} />
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

function Submenu({ name }: { name: MenuName }) {
  const commands = COMMANDS.filter(({ menu }) => menu === name);
  if (commands.length === 0) return null;
  return (
    <Menu.SubmenuRoot>
      <Menu.SubmenuTrigger className={styles["item"] ?? ""}>
        <span className={styles["label"]}>{t(`menu.${name}`)}</span>
        <ChevronRight size={13} aria-hidden="true" />
      </Menu.SubmenuTrigger>
      <Menu.Portal>
        <Menu.Positioner className={styles["positioner"] ?? ""} alignOffset={-5} sideOffset={4}>
          <Menu.Popup className={styles["popup"] ?? ""}>
            <CommandItems commands={commands} />
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.SubmenuRoot>
  );
}
