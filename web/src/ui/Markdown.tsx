import { micromark } from "micromark";
import { useMemo } from "react";
import styles from "./Markdown.module.css";

/** Pictures would be fetched from wherever a shared workflow says: they become links. */
const NO_PICTURES = { disable: { null: ["labelStartImage"] } };

/**
 * A text in Markdown. HTML in it is shown as text, and addresses that could run something are left
 * out; links open in a tab of their own that knows nothing of this one.
 */
export function Markdown({ text, className = "" }: { text: string; className?: string }) {
  const html = useMemo(() => markdownToHtml(text), [text]);
  return <div className={`${styles["text"]} ${className}`} dangerouslySetInnerHTML={{ __html: html }} />;
}

/** Text cannot look like a link's tag: `<` in it is written as `&lt;`. */
export function markdownToHtml(text: string): string {
  return micromark(text, { extensions: [NO_PICTURES] }).replaceAll("<a href=", '<a target="_blank" rel="noopener noreferrer" href=');
}
