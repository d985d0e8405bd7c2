import type { ComponentProps } from "react";
import styles from "./Button.module.css";

type Look = "plain" | "primary" | "quiet";

interface Props extends ComponentProps<"button"> {
  look?: Look;
}

/** A button with words. */
export function Button({ look = "plain", className = "", ...rest }: Props) {
  return <button type="button" className={`${styles["button"]} ${styles[look] ?? ""} ${className}`} {...rest} />;
}

interface IconProps extends ComponentProps<"button"> {
  /** What it does: its accessible name and its tooltip. */
  label: string;
}

/** A button that is only a picture. */
export function IconButton({ label, className = "", ...rest }: IconProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={`${styles["button"]} ${styles["icon"]} ${className}`}
      {...rest}
    />
  );
}
