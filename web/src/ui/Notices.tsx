import { useEffect } from "react";
import { Button } from "./Button";
import { useStudio, useUi, useView } from "../state/context";
import styles from "./Notices.module.css";

const SHOWN_MS = 6_000;

/** A sentence that goes by itself; and why a wire being drawn does not fit. */
export function Notices() {
  const { ui } = useStudio();
  const notice = useUi((state) => state.notice);
  const refusal = useView((state) => state.refusal);
  useEffect(() => {
    if (!notice) return;
    const timer = setTimeout(() => ui.setState({ notice: "", remedy: null }), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [notice, ui]);
  const remedy = useUi((state) => state.remedy);
  const words = refusal || notice;
  return (
    <div className={styles["notices"]} role="status">
      {words && (
        <p className={styles["notice"]}>
          {words}
          {remedy && !refusal && (
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
