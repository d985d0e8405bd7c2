/** Ways to run the document: several times, or only a part of it. */
import { t } from "../i18n/text";
import { setSeeds } from "../model/commands";
import { runId } from "../model/document/document";
import { nextSeeds } from "../model/runs/seeds";
import type { RunWish } from "./runtime";
import type { Studio } from "./studio";

export const MOST_RUNS = 100;

/** Ask for a run, with new seeds where that is wanted; the job's id once it is accepted. */
function submitOpen(studio: Studio, wish: RunWish = {}): Promise<string | null> {
  const { documents, workspace } = studio;
  documents.amend(setSeeds, nextSeeds(documents.document));
  const { document } = documents;
  const estimates = studio.planner.estimates(document);
  return studio.runtime.submit({ document, signatures: workspace.signaturesOf(document), estimates }, wish);
}

/** Run as often as is chosen. Without a seed that changes, one run tells all. */
export function runBatch(studio: Studio, wish: RunWish = {}): void {
  const { batch } = studio.ui.getState();
  const varies = nextSeeds(studio.documents.document).length > 0;
  if (batch > 1 && !varies) studio.notify(t("run.allFixed", { count: batch }));
  for (let run = 0; run < (varies ? batch : 1); run++) void submitOpen(studio, wish);
}

/** Compute the selected nodes and what they need, nothing else. */
export function runSelected(studio: Studio): void {
  const { documents, view, workspace } = studio;
  const { nodes, instances } = workspace.flatOf(documents.document);
  const chosen = [...view.getState().nodes].map((id) => runId(documents.scope, id));
  // An instance of a subgraph is what is inside it.
  const targets = chosen.flatMap((id) => instances.get(id) ?? (nodes[id] ? [id] : []));
  if (targets.length) runBatch(studio, { targets });
}
