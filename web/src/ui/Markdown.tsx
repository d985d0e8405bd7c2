import { micromark } from "micromark";
import { useLayoutEffect, useMemo, useRef } from "react";
import { trustedHtml } from "../runtime/trusted";
import styles from "./Markdown.module.css";

/** Pictures would be fetched from wherever a shared workflow says: they become links. */
const NO_PICTURES = { disable: { null: ["labelStartImage"] } };

/**
 * A text in Markdown. HTML in it is shown as text, and addresses that could run something are left
 * out; links open in a tab of their own that knows nothing of this one.
 */
export function Markdown({ text, className = "" }: { text: string; className?: string }) {
  const place = useRef<HTMLDivElement>(null);
  const html = useMemo(() => trustedHtml(markdownToHtml(text)), [text]);
  useLayoutEffect(() => {
    if (place.current) place.current.innerHTML = vouched(html);
  }, [html]);
  return <div ref={place} className={`${styles["text"]} ${className}`} />;
}

/** Text cannot look like a link's tag: `<` in it is written as `&lt;`. */
export function markdownToHtml(text: string): string {
  return micromark(text, { extensions: [NO_PICTURES] }).replaceAll("<a href=", '<a target="_blank" rel="noopener noreferrer" href=');
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createHTML: (html: string) => string }): { createHTML: (html: string) => string };
}

/** The page's policy takes HTML only from code that vouches for it: micromark has escaped all that was written. */
function vouched(html: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  return trustedTypes ? trustedTypes.createPolicy("markdown", { createHTML: (made) => made }).createHTML(html) : html;
}
