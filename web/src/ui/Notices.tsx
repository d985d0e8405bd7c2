import { useEffect } from "react";
import { Button } from "./Button";
import { useStudio, useUi } from "../state/context";
import type { Remedy } from "../state/ui";
import styles from "./Notices.module.css";

/** A sentence that goes by itself, unless what can be done about it has the keyboard. */
export function Notices() {
  const notice = useUi((state) => state.notice);
  const remedy = useUi((state) => state.remedy);
  return (
    <div className={styles["notices"]} data-zoomable>
      {notice && (
        <p className={styles["notice"]}>
          {notice}
          {remedy && <RemedyButton remedy={remedy} />}
        </p>
      )}
    </div>
  );
}

function RemedyButton({ remedy }: { readonly remedy: Remedy }) {
  const studio = useStudio();
  // What is taken away with the keyboard on it, such as a dialog that closes, loses it without a word.
  useEffect(() => () => studio.letNoticeGo(), [studio]);
  return (
    <Button
      onFocus={() => studio.holdNotice()}
      onBlur={() => studio.letNoticeGo()}
      onClick={() => {
        studio.ui.setState({ notice: "", remedy: null });
        remedy.run();
      }}
    >
      {remedy.label}
    </Button>
  );
}
