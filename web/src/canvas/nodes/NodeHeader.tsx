import { INPUTS, isBorder } from "../../model/subgraphs/border";
import { loses, type NodeSpec } from "../../model/catalog/catalog";
import { setNodeField } from "../../model/commands";
import { useGraph, useNodeRun, useView, useWorkspace } from "../../state/context";
import { t } from "../../i18n/text";
import { Lossy } from "../../ui/Lossy";
import { tintOf } from "../../ui/tints";
import styles from "./Node.module.css";
import { useInstanceProgress } from "./useInstanceRun";
import type { NodeStateWords } from "./nodeStateWords";

interface Props {
  id: string;
  /** Its type, whose title it has while nobody gave it a name. */
  spec: NodeSpec;
  state: NodeStateWords;
}

/** A node's name, its colour, its state in words at the right, and how far it is. */
export function NodeHeader({ id, spec, state }: Props) {
  const isLossy = useGraph((graph) => loses(spec, graph.nodes[id]?.values ?? {}));
  const color = useGraph((graph) => graph.nodes[id]?.color);
  return (
    <>
      {color && <div className={styles["strip"]} style={{ background: tintOf(color) }} />}
      <header className={styles["header"]}>
        <Title id={id} fallback={spec.title} />
        {isLossy && <Lossy />}
        <span className={`${styles["state"]} ${styles[state.look] ?? ""}`} title={state.reason}>
          {state.words}
        </span>
      </header>
      {state.kind === "running" && <ProgressLine id={id} />}
    </>
  );
}

/** The node's name; a double click or F2 edits it. */
function Title({ id, fallback }: { id: string; fallback: string }) {
  const { documents, view } = useWorkspace();
  const given = useGraph((graph) => graph.nodes[id]?.title);
  const editing = useView(({ renaming }) => renaming === id);
  if (!editing)
    return (
      <h2 className={styles["title"]} title={given ? fallback : undefined}>
        {given ?? borderTitle(id) ?? fallback}
      </h2>
    );
  const end = (): void => view.setState({ renaming: null });
  const commit = (text: string): void => {
    const title = text.trim();
    documents.run(setNodeField, { nodes: [id], field: "title", value: title && title !== fallback ? title : undefined });
    end();
  };
  return (
    <input
      className={`${styles["titleInput"]} nodrag`}
      defaultValue={given ?? fallback}
      aria-label={fallback}
      ref={(input) => input?.focus()}
      onFocus={(event) => event.target.select()}
      onBlur={(event) => commit(event.target.value)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter") event.currentTarget.blur();
        if (event.key === "Escape") end();
      }}
    />
  );
}

/** The border of a subgraph is called by what it has, in the language that is spoken. */
function borderTitle(id: string): string | null {
  return isBorder(id) ? t(id === INPUTS ? "subgraph.inputs" : "subgraph.outputs") : null;
}

function ProgressLine({ id }: { id: string }) {
  const inside = useInstanceProgress(id);
  const part = useNodeRun(id, (run) => (run?.total ? (run.value ?? 0) / run.total : inside));
  return <div className={styles["progress"]} style={{ transform: `scaleX(${part})` }} />;
}
