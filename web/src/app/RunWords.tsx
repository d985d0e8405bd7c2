import styles from "./RunBar.module.css";

/** What the top bar tells of a run, in one line: what has no room there is left out whole, from the end. */
export function RunWords({ parts }: { parts: readonly string[] }) {
  return (
    <span className={styles["words"]}>
      {parts.map((part, place) => (
        <span key={place} className={styles["part"]}>
          {place > 0 && " · "}
          {part}
        </span>
      ))}
    </span>
  );
}
