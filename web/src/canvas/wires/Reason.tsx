import { useEffect, useRef } from "react";
import { useView } from "../../state/context";
import styles from "./Reason.module.css";

/** Why the wire being drawn cannot end where the pointer is: said beside the pointer. */
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
    <div ref={place} className={styles["place"]} aria-hidden="true">
      {words && <p className={styles["words"]}>{words}</p>}
    </div>
  );
}
