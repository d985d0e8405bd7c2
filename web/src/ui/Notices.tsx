import { Button } from "./Button";
import { useStudio, useUi } from "../state/context";
import styles from "./Notices.module.css";

/** A sentence that goes by itself. */
export function Notices() {
  const { ui } = useStudio();
  const notice = useUi((state) => state.notice);
  const remedy = useUi((state) => state.remedy);
  return (
    <div className={styles["notices"]} data-zoomable>
      {notice && (
        <p className={styles["notice"]}>
          {notice}
          {remedy && (
            <Button
              onClick={() => {
                ui.setState({ notice: "", remedy: null });
                remedy.run();
              }}
            >
              {remedy.label}
            </Button>
          )}
        </p>
      )}
    </div>
  );
}
