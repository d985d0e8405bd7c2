import { Problems } from "../panels/Problems";
import { useDocumentState, useUi } from "../state/context";
import { Notices } from "../ui/Notices";
import { Banner } from "./Banner";
import { ConflictDialog } from "./Conflict";
import styles from "./Messages.module.css";

/** What is told over the canvas, in one layout so that nothing covers another: what must be answered above, the rest at the foot. */
export function Messages() {
  const isInside = useDocumentState((state) => state.scope.length > 0);
  // What lies over the page shows notices itself.
  const covered = useUi((state) => state.overlay !== null || state.enlarged !== null);
  return (
    <div className={styles["messages"]} data-inside={isInside || undefined}>
      <div className={styles["top"]}>
        <Banner />
        <ConflictDialog />
      </div>
      <div className={styles["foot"]}>
        <Problems />
        {!covered && <Notices />}
      </div>
    </div>
  );
}
