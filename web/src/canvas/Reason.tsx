import { useEffect, useRef } from "react";
import { useView } from "../state/context";
import styles from "./Reason.module.css";

/** Why the wire being drawn cannot end where the pointer is: said beside the pointer, and aloud. */
export function Reason() {
  const words = useView((state) => state.refusal);
  const drawing = useView((state) => state.connecting !== null);
  const place = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (!drawing) return;
    const follow = ({ clientX, clientY }: PointerEvent): void => {
      if (place.current) place.current.style.transform = `translate(${clientX + 14}px, ${clientY + 16}px)`;
    };
    addEventListener("pointermove", follow, { capture: true, passive: true });
    return () => removeEventListener("pointermove", follow, { capture: true });
  }, [drawing]);

  return (
    <div ref={place} className={styles["place"]} role="status" aria-live="assertive">
      {words && <p className={styles["words"]}>{words}</p>}
    </div>
  );
}

/** What keys and gestures did, for those who do not see it. */
export function Said() {
  const words = useView((state) => state.said);
  return (
    <div className={styles["unseen"]} role="status" aria-live="polite">
      {words}
    </div>
  );
}
