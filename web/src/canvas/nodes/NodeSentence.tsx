import type { NodeSpec } from "../../model/catalog/catalog";
import type { Layout } from "../../model/layout/geometry";
import { offPackOf } from "../../state/packs";
import { useLostPacks, usePacks } from "../../state/context";
import { t } from "../../i18n/text";
import styles from "./Node.module.css";

interface Props {
  spec: NodeSpec;
  place: NonNullable<Layout["sentence"]>;
}

/** Says that the node's type is missing, that nothing is lost, and which pack to look for. */
export function NodeSentence({ spec, place }: Props) {
  const lost = useLostPacks();
  const failed = lost.find(({ pack }) => pack === spec.pack)?.pack ?? (lost.length === 1 ? lost[0]?.pack : "");
  const off = usePacks((state) => offPackOf(state, spec.id)?.name);
  const words = off === undefined ? `${t("node.missing")} ${wayOut()}` : t("node.missing.off", { pack: off });
  return (
    <p className={styles["sentence"]} style={{ top: place.top, height: place.height }} title={words}>
      {words}
    </p>
  );

  function wayOut(): string {
    if (failed) return t("node.missing.failed", { pack: failed });
    return spec.pack ? t("node.missing.pack", { pack: spec.pack }) : t("node.missing.find");
  }
}
