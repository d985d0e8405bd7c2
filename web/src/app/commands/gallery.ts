/** Looking at pictures. */
import { runId } from "../../model/document/document";
import { runsOf } from "../../runtime/jobs";
import { isPicture } from "../../runtime/nodeRuns";
import { compareWithEarlier } from "../../state/comparing";
import type { Studio } from "../../state/studio";
import type { Enlarged } from "../../state/ui";
import type { AppCommand } from "./command";

export const GALLERY: readonly AppCommand[] = [
  {
    id: "gallery",
    label: "command.gallery",
    menu: "view",
    group: "panels",
    keys: ["Shift+G"],
    checked: (studio) => studio.ui.getState().gallery,
    run: (studio) => studio.ui.setState(({ gallery }) => ({ gallery: !gallery })),
  },
  {
    id: "enlarge",
    label: "command.enlarge",
    menu: "view",
    group: "pictures",
    on: ["node"],
    keys: ["Ctrl+Shift+Space"],
    enabled: (studio) => pictureOfSelected(studio) !== null,
    run: (studio) => studio.ui.setState({ enlarged: pictureOfSelected(studio), among: null }),
  },
  {
    id: "compareEarlier",
    label: "command.compareEarlier",
    menu: "view",
    group: "pictures",
    on: ["node"],
    keys: [],
    enabled: (studio) => pictureOfSelected(studio) !== null,
    run: (studio) => {
      const picture = pictureOfSelected(studio);
      if (picture) void compareWithEarlier(studio, picture, undefined);
    },
  },
];

/** The first picture of the only node that is selected. */
function pictureOfSelected({ documents, runtime, view, workspace }: Studio): Enlarged | null {
  const [node, ...others] = view.getState().nodes;
  if (node === undefined || others.length) return null;
  const runs = runsOf(runtime.store.getState().jobs, workspace.id).nodes;
  const shown = runs[runId(documents.scope, node)]?.outputs.find(isPicture);
  return shown?.asset ? { ...shown, asset: shown.asset } : null;
}
