import type { ComponentProps } from "react";
import type { Port } from "../model/catalog/catalog";
import type { Problem } from "../model/runs/problems";
import { portLabel } from "../ui/format";
import { tipOf } from "./describe";
import styles from "./Field.module.css";
import { isWrong } from "./types";

interface Props extends ComponentProps<"div"> {
  port: Port;
  problem: Problem | null;
  /** A box of text has no label beside it. */
  bare?: boolean;
}

/** The frame of a widget: its label, its help, and whether something is wrong with it. */
export function Field({ port, problem, bare = false, className = "", children, ...rest }: Props) {
  const look = isWrong(problem) ? styles["wrong"] : problem ? styles["odd"] : "";
  return (
    <div className={`${styles["field"]} ${look} ${className} nodrag nopan`} data-port={port.name} data-tip={tipOf(port, problem)} {...rest}>
      {!bare && <span className={styles["label"]}>{portLabel(port)}</span>}
      {children}
    </div>
  );
}

/** What a screen reader says of a widget: its name, its help, and whether its value is wrong. */
export function spoken(port: Port, problem: Problem | null) {
  return {
    "aria-label": portLabel(port),
    "aria-invalid": isWrong(problem),
    "aria-description": tipOf(port, problem) || undefined,
  };
}
