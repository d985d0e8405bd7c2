import { useEffect } from "react";
import { useStudio, useView } from "../state/context";
import styles from "./Banner.module.css";

const SHOWN_MS = 6_000;

/** A sentence that goes by itself; and why a wire being drawn does not fit. */
export function Notice() {
  const { view } = useStudio();
  const notice = useView((state) => state.notice);
  const refusal = useView((state) => state.refusal);
  useEffect(() => {
    if (!notice) return;
    const timer = setTimeout(() => view.setState({ notice: "" }), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [notice, view]);
  const words = refusal || notice;
  return (
    <div className={styles["notices"]} role="status">
      {words && <p className={styles["notice"]}>{words}</p>}
    </div>
  );
}
