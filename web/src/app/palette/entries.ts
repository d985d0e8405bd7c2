/** What the palette finds: commands, node types, nodes of the canvas, open and saved workflows. */
import { categoryText } from "../../ui/category";
import { t } from "../../i18n/text";
import type { FileInfo } from "../../runtime/files";
import { addNodeAt } from "../../state/adding";
import type { Studio } from "../../state/studio";
import { select } from "../../state/view";
import { COMMANDS } from "../commands";
import { wordsOf } from "../commands/files";
import { keysInForce, shownKeys } from "../keys";

export interface Entry {
  readonly id: string;
  readonly label: string;
  /** What kind of thing it is, in words. */
  readonly kind: string;
  /** Another name, by which it is found too. */
  readonly also?: string;
  readonly keys: string;
  readonly run: () => void;
  /** It is there, but has nothing to act on now. */
  readonly idle?: boolean;
}

/** Everything; what can do nothing now comes last. */
export function entries(studio: Studio, saved: readonly FileInfo[]): Entry[] {
  const commands = commandEntries(studio);
  const ready = commands.filter(({ idle }) => !idle);
  const idle = commands.filter((entry) => entry.idle);
  return [...ready, ...tabEntries(studio), ...nodeEntries(studio), ...typeEntries(studio), ...fileEntries(studio, saved), ...idle];
}

function commandEntries(studio: Studio): Entry[] {
  const chosen = studio.settings.getState().keys;
  return COMMANDS.filter(({ id }) => id !== "palette").map((command) => ({
    idle: command.enabled?.(studio) === false,
    id: `command:${command.id}`,
    label: t(command.label),
    kind: t(`menu.${command.menu}`),
    keys: shownKeys(keysInForce(command, chosen)[0] ?? ""),
    run: () => command.run(studio),
  }));
}

function tabEntries(studio: Studio): Entry[] {
  const { open, active } = studio.workspaces.getState();
  return open
    .filter((workspace) => workspace !== active)
    .map((workspace) => ({
      id: `tab:${workspace.id}`,
      label: workspace.documents.document.name,
      kind: t("palette.tab"),
      keys: "",
      run: () => studio.tabs.activate(workspace),
    }));
}

function nodeEntries(studio: Studio): Entry[] {
  const { types, documents, view } = studio.workspace;
  return Object.entries(documents.graph.nodes).map(([id, node]) => ({
    id: `node:${id}`,
    label: node.title ?? types?.spec(node.type)?.title ?? node.type,
    also: types?.spec(node.type)?.english ?? "",
    kind: `${t("palette.goTo")} ${id}`,
    keys: "",
    run: () => {
      select(view, [id]);
      view.getState().canvas?.reveal(id);
    },
  }));
}

function typeEntries(studio: Studio): Entry[] {
  const types = studio.workspace.types?.types() ?? [];
  return types
    .filter((spec) => !spec.deprecated)
    .map((spec) => ({
      id: `type:${spec.id}`,
      label: spec.title,
      also: spec.english ?? spec.id,
      kind: `${t("palette.addNode")} · ${categoryText(spec.category)}`,
      keys: "",
      run: () => void addNodeAt(studio, spec.id, studio.view.getState().canvas?.centre() ?? [0, 0]),
    }));
}

function fileEntries(studio: Studio, saved: readonly FileInfo[]): Entry[] {
  return saved.map(({ name }) => ({
    id: `file:${name}`,
    label: name,
    kind: t("palette.file"),
    keys: "",
    run: () => void studio.tabs.openFile(name).catch((error: Error) => studio.notify(wordsOf(error))),
  }));
}
