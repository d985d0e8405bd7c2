import { ChevronRight } from "lucide-react";
import { graphAt, ROOT, subgraphOf, type Document, type Scope } from "../../model/document/document";
import { useDocument, useDocumentState, useWorkspace } from "../../state/context";
import { t } from "../../i18n/text";
import styles from "./Breadcrumb.module.css";

/** The way from the document to the subgraph that is open; not there on the document's own graph. */
export function Breadcrumb() {
  const { documents } = useWorkspace();
  const { scope } = useDocumentState((state) => ({ scope: state.scope }));
  const path = useDocument((document) => [document.name, ...scope.map((_, depth) => titleAt(document, scope.slice(0, depth + 1)))].join("\n"));
  if (scope.length === 0) return null;
  const steps = path.split("\n");
  return (
    <nav className={styles["path"]} data-cover="" aria-label={t("subgraph.path")}>
      <ol>
        {steps.map((title, depth) => (
          <li key={depth}>
            {depth > 0 && <ChevronRight size={12} aria-hidden="true" />}
            {depth < steps.length - 1 ? (
              <button type="button" onClick={() => documents.enter(depth === 0 ? ROOT : scope.slice(0, depth))}>
                {title}
              </button>
            ) : (
              <span aria-current="location">{title}</span>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}

/** An instance's own title, or else its definition's name. */
function titleAt(document: Document, scope: Scope): string {
  const node = graphAt(document, scope.slice(0, -1)).nodes[scope.at(-1) ?? ""];
  const definition = document.subgraphs[subgraphOf(node?.type ?? "") ?? ""];
  return (node?.title || definition?.name || (scope.at(-1) ?? "")).replaceAll("\n", " ");
}
