import { ViewportPortal } from "@xyflow/react";
import { useView } from "../../state/context";
import type { Guide } from "../../model/layout/guides";
import styles from "./GuideLines.module.css";

const BEYOND = 12;

/** The lines that a dragged thing is in line with. */
export function GuideLines() {
  const guides = useView((state) => state.guides);
  if (guides.length === 0) return null;
  return (
    <ViewportPortal>
      <svg className={styles["guides"]} aria-hidden="true">
        {guides.map((guide) => (
          <path key={`${guide.axis}${guide.at}`} d={lineOf(guide)} vectorEffect="non-scaling-stroke" data-guide={guide.axis} />
        ))}
      </svg>
    </ViewportPortal>
  );
}

function lineOf({ axis, at, from, to }: Guide): string {
  return axis === "x" ? `M${at} ${from - BEYOND}V${to + BEYOND}` : `M${from - BEYOND} ${at}H${to + BEYOND}`;
}
