import { useEffect } from "react";
import { useStudio, useUi, useView } from "../state/context";
import styles from "./Banner.module.css";

const SHOWN_MS = 6_000;

/** A sentence that goes by itself; and why a wire being drawn does not fit. */
export function Notice() {
  const { ui } = useStudio();
  const notice = useUi((state) => state.notice);
  const refusal = useView((state) => state.refusal);
  useEffect(() => {
    if (!notice) return;
    const timer = setTimeout(() => ui.setState({ notice: "" }), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [notice, ui]);
  const words = refusal || notice;
  return (
    <div className={styles["notices"]} role="status">
      {words && <p className={styles["notice"]}>{words}</p>}
    </div>
  );
}
