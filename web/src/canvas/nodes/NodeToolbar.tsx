import { Ban, Boxes, CircleHelp, Palette, Play, SkipForward, Trash2, type LucideIcon } from "lucide-react";
import { commandOf } from "../../app/commands";
import { useKeys } from "../../app/useKeys";
import { subgraphOf } from "../../model/document/document";
import { useGraph, useStudio } from "../../state/context";
import { select } from "../../state/view";
import { t } from "../../i18n/text";
import styles from "./NodeToolbar.module.css";
import { useInsideCanvas } from "./toolbarPlace";

const ACTIONS: readonly (readonly [id: string, icon: LucideIcon])[] = [
  ["openSubgraph", Boxes],
  ["runSelected", Play],
  ["mute", Ban],
  ["bypass", SkipForward],
  ["color", Palette],
  ["help", CircleHelp],
  ["delete", Trash2],
];

/** What is done most often to one node, above it while it is pointed at or selected. */
export function NodeToolbar({ id }: { id: string }) {
  const place = useInsideCanvas(id);
  return (
    <div ref={place} className={`${styles["place"]} nodrag nopan`}>
      <div className={styles["bar"]} role="toolbar" aria-label={t("node.toolbar")}>
        {ACTIONS.map(([command, icon]) => (
          <Action key={command} id={id} command={command} icon={icon} />
        ))}
      </div>
    </div>
  );
}

/** A command of the registry, done to this node, or to the whole selection that it is in. */
function Action({ id, command: name, icon: Icon }: { id: string; command: string; icon: LucideIcon }) {
  const studio = useStudio();
  const mode = useGraph((graph) => graph.nodes[id]?.mode);
  const keys = useKeys(name);
  const command = commandOf(name);
  const type = useGraph((graph) => graph.nodes[id]?.type ?? "");
  if (!command || (name === "openSubgraph" && subgraphOf(type) === null)) return null;
  const words = name === "runSelected" ? t("node.runTo") : t(command.label);
  return (
    <button
      type="button"
      className={styles["button"]}
      aria-label={words}
      aria-pressed={name === "mute" || name === "bypass" ? mode === name : undefined}
      data-tip={[words, keys].filter(Boolean).join(" · ")}
      onClick={() => {
        if (!studio.view.getState().nodes.has(id)) select(studio.view, [id]);
        command.run(studio);
      }}
    >
      <Icon size={13} />
    </button>
  );
}
