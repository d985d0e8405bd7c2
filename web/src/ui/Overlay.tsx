import { Dialog } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { useRef, type ReactNode } from "react";
import { t } from "../i18n/text";
import { useStudio, useUi } from "../state/context";
import { isBeside } from "../state/ui";
import { Notices } from "./Notices";
import styles from "./Overlay.module.css";

interface Props {
  title: string;
  children: ReactNode;
  /** `wide` for what is read or compared, `small` for a question. */
  size?: "small" | "normal" | "wide";
}

/** What gets the keyboard first: to leave there is Escape. */
const FIELDS = "input:not([type=hidden]), select, textarea";

/** Something that lies over the page for a while: Escape closes it, as does a click beside it unless the page can be used. */
export function Overlay({ title, children, size = "normal" }: Props) {
  const { ui } = useStudio();
  const beside = useUi(({ overlay }) => isBeside(overlay));
  const popup = useRef<HTMLDivElement>(null);
  return (
    <Dialog.Root open modal={!beside} disablePointerDismissal={beside} onOpenChange={(open) => !open && ui.setState({ overlay: null })}>
      <Dialog.Portal>
        {!beside && <Dialog.Backdrop className={styles["backdrop"]} />}
        <Dialog.Popup ref={popup} initialFocus={() => popup.current?.querySelector<HTMLElement>(FIELDS) ?? true} className={`${styles["popup"]} ${styles[size]}`} data-zoomable>
          <header className={styles["header"]}>
            <Dialog.Title className={styles["title"]}>{title}</Dialog.Title>
            <Dialog.Close className={styles["close"]} aria-label={t("overlay.close")} title={t("overlay.close")}>
              <X size={16} />
            </Dialog.Close>
          </header>
          <div className={styles["body"]}>{children}</div>
          <div className={styles["notices"]}>
            <Notices />
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
