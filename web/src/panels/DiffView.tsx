import { useMemo, useState } from "react";
import { withSubgraphs } from "../model/subgraphs/subgraph";
import type { Document, Graph } from "../model/document/document";
import { diffDocuments, type Difference, type DiffKind } from "../model/document/diff";
import { useCatalog } from "../state/context";
import { t } from "../i18n/text";
import { DiffList } from "./diff/DiffList";
import { DiffPicture } from "./diff/DiffPicture";
import type { Side } from "./diff/words";
import styles from "./diff/Diff.module.css";

const KINDS: readonly DiffKind[] = ["added", "removed", "changed", "moved"];

interface Props {
  before: Document;
  after: Document;
  /** What the two states are called. */
  names: { readonly before: string; readonly after: string };
}

/** What differs between two states of a document: drawn in one picture, and in words. */
export function DiffView({ before, after, names }: Props) {
  const catalog = useCatalog((state) => state.catalog);
  const differences = useMemo(() => diffDocuments(before, after), [before, after]);
  const sides = useMemo((): { before: Side; after: Side } | null => {
    if (!catalog) return null;
    const side = (document: Document): Side => ({ document, types: withSubgraphs(catalog, document.subgraphs) });
    return { before: side(before), after: side(after) };
  }, [catalog, before, after]);
  const [chosen, setChosen] = useState<Difference | null>(null);
  const graphs = useMemo(() => [...new Set(differences.map(({ graph }) => graph))], [differences]);
  const [picked, setPicked] = useState<string | null>(null);
  const graph = chosen?.graph ?? picked ?? graphs[0] ?? "";
  if (differences.length === 0) return <p className={styles["none"]}>{t("diff.none")}</p>;
  if (!sides) return null;
  return (
    <div className={styles["diff"]}>
      <p className={styles["summary"]} role="status">
        <span>{t("diff.sides", names)}</span>
        {KINDS.map((kind) => ({ kind, count: differences.filter((item) => item.kind === kind).length }))
          .filter(({ count }) => count > 0)
          .map(({ kind, count }) => (
            <span key={kind} className={styles[kind]}>
              {t(`diff.count.${kind}`, { count })}
            </span>
          ))}
      </p>
      {graphs.length > 1 && (
        <div className={styles["graphs"]} role="group" aria-label={t("diff.graphs")}>
          {graphs.map((id) => (
            <button
              key={id}
              type="button"
              aria-pressed={id === graph}
              onClick={() => {
                setChosen(null);
                setPicked(id);
              }}
            >
              {graphName(sides, id)}
            </button>
          ))}
        </div>
      )}
      <div className={styles["columns"]}>
        <DiffPicture
          key={graph}
          before={graphIn(before, graph)}
          after={graphIn(after, graph)}
          sides={sides}
          differences={differences.filter((item) => item.graph === graph)}
          chosen={chosen}
          choose={setChosen}
        />
        <DiffList differences={differences} sides={sides} chosen={chosen} choose={setChosen} />
      </div>
    </div>
  );
}

function graphIn(document: Document, graph: string): Graph | null {
  return graph ? (document.subgraphs[graph] ?? null) : document;
}

function graphName({ before, after }: { before: Side; after: Side }, graph: string): string {
  return graph ? (after.document.subgraphs[graph] ?? before.document.subgraphs[graph])?.name || graph : t("diff.document");
}
