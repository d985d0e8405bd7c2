import { Star } from "lucide-react";
import type { NodeSpec } from "../model/catalog/catalog";
import { DRAGGED_TYPE } from "../state/adding";
import { useSettings, useStudio } from "../state/context";
import { Lossy } from "../ui/Lossy";
import { PortShape } from "../ui/PortShape";
import { t } from "../i18n/text";
import styles from "./Library.module.css";

/** A node type in the library: its name, what it gives, and its star. A drag puts it where it is let go. */
export function TypeRow({ spec }: { spec: NodeSpec }) {
  const studio = useStudio();
  const starred = useSettings(({ favourites }) => favourites.includes(spec.id));
  const shapes = [...new Set(spec.outputs.map((output) => output.type))].slice(0, 3);
  return (
    <div
      className={styles["type"]}
      draggable
      title={spec.help.split("\n")[0]}
      onDragStart={(event) => {
        event.dataTransfer.setData(DRAGGED_TYPE, spec.id);
        event.dataTransfer.effectAllowed = "copy";
        studio.view.setState({ placing: spec.id });
      }}
      onDragEnd={() => studio.view.setState({ placing: null, target: null })}
    >
      <span className={styles["typeName"]}>
        {spec.title} {spec.lossy && <Lossy />}
      </span>
      <button
        type="button"
        className={styles["star"]}
        tabIndex={-1}
        aria-label={t("library.star", { title: spec.title })}
        title={t(starred ? "library.unstar.hint" : "library.star.hint")}
        aria-pressed={starred}
        onClick={(event) => {
          event.stopPropagation();
          toggleStar(studio, spec.id);
        }}
      >
        <Star size={12} aria-hidden="true" />
      </button>
      <span className={styles["shapes"]}>
        {shapes.map((type) => (
          <PortShape key={type} type={type} size={9} />
        ))}
      </span>
    </div>
  );
}

export function toggleStar({ settings }: ReturnType<typeof useStudio>, type: string): void {
  settings.setState(({ favourites }) => ({
    favourites: favourites.includes(type) ? favourites.filter((item) => item !== type) : [...favourites, type],
  }));
}
