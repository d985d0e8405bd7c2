import { ChevronDown } from "lucide-react";
import type { ComponentProps } from "react";
import styles from "./Select.module.css";

/** The browser's own list of choices behind a field of ours. */
export function Select({ className = "", children, ...rest }: ComponentProps<"select">) {
  return (
    <span className={`${styles["box"]} ${className}`}>
      <select className={styles["select"]} {...rest}>
        {children}
      </select>
      <ChevronDown size={14} aria-hidden="true" />
    </span>
  );
}
