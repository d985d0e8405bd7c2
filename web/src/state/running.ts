/** Ways to run the document: several times, only a part, or whenever it changes. */
import { t } from "../i18n/text";
import { setSeeds } from "../model/commands";
import { runId } from "../model/document";
import { nextSeeds } from "../model/seeds";
import { neededNodes } from "../model/needed";
import type { Signatures } from "../model/signature";
import type { RunWish } from "./runtime";
import type { Studio } from "./studio";
import type { Workspace } from "./workspace";

export const MOST_RUNS = 100;

/** Ask for a run, with new seeds where that is wanted; the job's id once it is accepted. */
export function submitOpen(studio: Studio, wish: RunWish = {}): Promise<string | null> {
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

/** Time for a person to go on with what they are changing. */
const SETTLED_MS = 600;

/** Runs what is open whenever a value that counts has changed, if that is wanted. */
export class RunOnChange {
  readonly #studio: Studio;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The run that this asked for last, and of what. */
  #job: Promise<string | null> = Promise.resolve(null);
  #ran: { readonly workspace: Workspace; readonly key: string } | null = null;

  constructor(studio: Studio) {
    this.#studio = studio;
    const watch = (workspace: Workspace): (() => void) =>
      workspace.documents.store.subscribe((now, before) => {
        if (now.editing.document !== before.editing.document) this.#later();
      });
    let unwatch = watch(studio.workspace);
    studio.workspaces.subscribe(({ active }, before) => {
      if (active === before.active) return;
      unwatch();
      unwatch = watch(active);
      this.#ran = null;
    });
    studio.settings.subscribe(({ runOnChange }, before) => {
      if (runOnChange && !before.runOnChange) this.#run();
    });
  }

  #later(): void {
    clearTimeout(this.#timer);
    if (this.#studio.settings.getState().runOnChange) this.#timer = setTimeout(() => this.#run(), SETTLED_MS);
  }

  /** Seeds stay as they are: a new one would be another change. */
  #run(): void {
    const { workspace, runtime, planner } = this.#studio;
    const { document } = workspace.documents;
    const { types } = workspace;
    if (!types || !document.id || runtime.store.getState().phase !== "live") return;
    const needed = neededNodes(workspace.flatOf(document), types);
    const signatures = workspace.signaturesOf(document);
    const key = keyOf(needed, signatures);
    if (needed.size === 0 || (this.#ran?.workspace === workspace && this.#ran.key === key)) return;
    this.#ran = { workspace, key };
    const stale = this.#job;
    void stale.then((id) => id !== null && runtime.cancel(id));
    this.#job = runtime.submit({ document, signatures, estimates: planner.estimates(document) }, { front: true });
  }
}

function keyOf(needed: Iterable<string>, signatures: Signatures): string {
  return [...needed].map((id) => `${id}=${signatures[id] ?? ""}`).join("\n");
}
