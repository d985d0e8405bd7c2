import type { NodeSpec } from "../../model/catalog/catalog";
import type { Layout } from "../../model/layout/geometry";
import { t } from "../../i18n/text";
import styles from "./NodePicture.module.css";
import { usePreview } from "./useInstanceRun";

/** Of a preview where the ports leave it less room than that. */
const LEAST = 44;
const GAP = 6;

/**
 * What a node without a place for pictures is computing, in the room below its outputs: a preview
 * comes by itself, so the node must not grow over what lies below it.
 */
export function StepPreview({ id, spec, layout }: { id: string; spec: NodeSpec; layout: Layout }) {
  const preview = usePreview(id);
  if (!preview) return null;
  const first = layout.outputs[0]?.y ?? 0;
  const last = layout.outputs.at(-1)?.y ?? first;
  const top = last + 2 * GAP;
  const below = layout.widgets[0]?.top ?? layout.height - GAP;
  const size = Math.max(LEAST, below - top - GAP);
  return (
    <div className={`${styles["frame"]} ${styles["step"]}`} style={{ top, width: size, height: size }}>
      <img className={`${styles["image"]} ${styles["soft"]}`} src={preview} alt={t("node.preview", { title: spec.title })} draggable={false} />
    </div>
  );
}
