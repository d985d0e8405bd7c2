import { Button } from "./Button";
import { useStudio, useUi } from "../state/context";
import styles from "./Notices.module.css";

/** A sentence that goes by itself, unless what can be done about it has the keyboard. */
export function Notices() {
  const studio = useStudio();
  const { ui } = studio;
  const notice = useUi((state) => state.notice);
  const remedy = useUi((state) => state.remedy);
  return (
    <div className={styles["notices"]} data-zoomable>
      {notice && (
        <p className={styles["notice"]}>
          {notice}
          {remedy && (
            <Button
              onFocus={() => studio.holdNotice()}
              onBlur={() => studio.letNoticeGo()}
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
