import { useEffect, useState, type KeyboardEvent, type RefObject } from "react";
import { createPortal } from "react-dom";
import { models } from "../runtime/models";
import { ApiError } from "../runtime/http";
import { t } from "../i18n/text";
import styles from "./Popup.module.css";

/** What a prompt may name by `embedding:name`. */
const KIND = "embeddings";
const TYPED = /embedding:([\w./ -]*)$/i;
const MOST = 8;

interface Completing {
  readonly words: readonly string[];
  readonly chosen: number;
  readonly choose: (word: string) => void;
  /** True if the key was for the list. */
  readonly takes: (event: KeyboardEvent) => boolean;
}

/** The names that what stands before the caret could become. */
export function useCompletion(text: string, caret: number | null, replace: (from: number, to: number, words: string) => void): Completing {
  const typed = caret === null ? null : TYPED.exec(text.slice(0, caret))?.[1];
  const names = useNames(typed !== null && typed !== undefined);
  const [chosen, setChosen] = useState(0);
  const [left, setLeft] = useState<string | null>(null);
  const query = (typed ?? "").toLowerCase();
  const isOpen = caret !== null && typed !== null && typed !== undefined && typed !== left;
  const words = isOpen ? names.filter((name) => name.toLowerCase().includes(query) && name !== typed).slice(0, MOST) : [];
  const at = Math.min(chosen, words.length - 1);

  function choose(word: string): void {
    if (caret === null) return;
    replace(caret - (typed ?? "").length, caret, word);
    setChosen(0);
    setLeft(word);
  }

  function takes(event: KeyboardEvent): boolean {
    if (words.length === 0 || event.ctrlKey || event.metaKey) return false;
    const word = words[at] ?? "";
    if (event.key === "ArrowDown") setChosen((at + 1) % words.length);
    else if (event.key === "ArrowUp") setChosen((at + words.length - 1) % words.length);
    else if (event.key === "Enter" || event.key === "Tab") choose(word);
    else if (event.key === "Escape") setLeft(typed ?? "");
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  return { words, chosen: at, choose, takes };
}

/** The list below the box. Focus stays in the text; a screen reader is told what is chosen. */
export function Completion({ words, chosen, choose, anchor }: Omit<Completing, "takes"> & { anchor: RefObject<HTMLElement | null> }) {
  const box = words.length ? anchor.current?.getBoundingClientRect() : undefined;
  if (!box) return null;
  return createPortal(
    <div className={styles["popup"]} style={{ left: box.left, top: box.bottom + 4, width: Math.max(200, box.width) }}>
      <p className={styles["announce"]} role="status">
        {t("field.completion", { word: words[chosen] ?? "", count: words.length })}
      </p>
      <ul className={styles["list"]} role="listbox" aria-label={t("field.embeddings")}>
        {words.map((word, index) => (
          // Keys are the text's, which keeps the focus.
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
          <li
            key={word}
            role="option"
            aria-selected={index === chosen}
            className={styles["option"]}
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => choose(word)}
          >
            {word}
          </li>
        ))}
      </ul>
    </div>,
    document.body,
  );
}

/** The embeddings there are, fetched when they are first wanted. */
function useNames(wanted: boolean): readonly string[] {
  const [names, setNames] = useState<readonly string[]>([]);
  useEffect(() => {
    if (!wanted) return;
    let current = true;
    models.of(KIND).then(
      (found) => current && setNames(found.map(({ name }) => name.replace(/\.(?:safetensors|pt|bin)$/, ""))),
      (error: unknown) => {
        if (!(error instanceof ApiError)) throw error; // without a connection nothing is completed
      },
    );
    return () => {
      current = false;
    };
  }, [wanted]);
  return names;
}
