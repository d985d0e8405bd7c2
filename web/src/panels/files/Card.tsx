import { Menu } from "@base-ui/react/menu";
import { Ellipsis, Workflow } from "lucide-react";
import type { ReactNode } from "react";
import { t } from "../../i18n/text";
import menu from "../../ui/Menu.module.css";
import styles from "./Files.module.css";

export interface CardAction {
  readonly label: string;
  readonly run: () => void;
}

interface Props {
  name: string;
  detail: string;
  /** Address of a picture. */
  picture?: string | null;
  open: () => void;
  actions?: readonly CardAction[];
  /** Instead of the name, if there is one: a field that edits it. */
  editing?: ReactNode;
}

const NONE: readonly CardAction[] = [];

/** One thing that can be opened, with its picture and what else can be done with it. */
export function Card({ name, detail, picture, open, actions = NONE, editing }: Props) {
  return (
    <li className={styles["card"]}>
      <button type="button" className={styles["picture"]} aria-label={name} onClick={open}>
        {picture ? <img src={picture} alt="" loading="lazy" draggable={false} /> : <Workflow size={22} aria-hidden="true" />}
      </button>
      <div className={styles["words"]}>
        {editing || (
          <button type="button" className={styles["cardName"]} tabIndex={-1} title={name} onClick={open}>
            {name}
          </button>
        )}
        <p className={styles["hint"]} title={detail}>
          {detail}
        </p>
      </div>
      {actions.length > 0 && (
        <Menu.Root modal={false}>
          <Menu.Trigger className={styles["more"] ?? ""} aria-label={t("open.actions", { name })} title={t("open.actions", { name })}>
            <Ellipsis size={15} />
          </Menu.Trigger>
          <Menu.Portal>
            <Menu.Positioner className={`${menu["positioner"]} ${styles["above"]}`} align="end" sideOffset={4} collisionPadding={8}>
              <Menu.Popup className={menu["popup"] ?? ""} data-zoomable>
                {actions.map(({ label, run }) => (
                  <Menu.Item key={label} className={menu["item"] ?? ""} onClick={run}>
                    {label}
                  </Menu.Item>
                ))}
              </Menu.Popup>
            </Menu.Positioner>
          </Menu.Portal>
        </Menu.Root>
      )}
    </li>
  );
}
