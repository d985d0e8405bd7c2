import { useEffect } from "react";
import { Button } from "./Button";
import { useStudio, useUi } from "../state/context";
import styles from "./Notices.module.css";

const SHOWN_MS = 6_000;

/** A sentence that goes by itself. */
export function Notices() {
  const { ui } = useStudio();
  const notice = useUi((state) => state.notice);
  useEffect(() => {
    if (!notice) return;
    const timer = setTimeout(() => ui.setState({ notice: "", remedy: null }), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [notice, ui]);
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
