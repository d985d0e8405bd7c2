/** Running without being told to: whenever a value that counts has changed. */
import { neededNodes } from "../model/runs/needed";
import type { Signatures } from "../model/runs/signature";
import type { Planner } from "./planner";
import type { Runtime } from "./runtime";
import type { SettingsStore } from "./settings";
import type { Workspace, WorkspacesStore } from "./workspace";

/** What it watches and asks. */
interface Around {
  readonly workspaces: WorkspacesStore;
  readonly settings: SettingsStore;
  readonly runtime: Runtime;
  readonly planner: Planner;
}

/** Time for a person to go on with what they are changing. */
const SETTLED_MS = 600;

/** Runs what is open whenever a value that counts has changed, if that is wanted. */
export class RunOnChange {
  readonly #around: Around;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The run that this asked for last, and of what. */
  #job: Promise<string | null> = Promise.resolve(null);
  #ran: { readonly workspace: Workspace; readonly key: string } | null = null;

  constructor(around: Around) {
    const { settings, workspaces } = around;
    this.#around = around;
    const watch = (workspace: Workspace): (() => void) =>
      workspace.documents.store.subscribe((now, before) => {
        if (now.editing.document !== before.editing.document) this.#later();
      });
    let unwatch = watch(workspaces.getState().active);
    workspaces.subscribe(({ active }, before) => {
      if (active === before.active) return;
      unwatch();
      unwatch = watch(active);
      this.#ran = null;
    });
    settings.subscribe(({ runOnChange }, before) => {
      if (runOnChange && !before.runOnChange) this.#run();
    });
  }

  #later(): void {
    clearTimeout(this.#timer);
    if (this.#around.settings.getState().runOnChange) this.#timer = setTimeout(() => this.#run(), SETTLED_MS);
  }

  /** Seeds stay as they are: a new one would be another change. */
  #run(): void {
    const { workspaces, runtime, planner } = this.#around;
    const workspace = workspaces.getState().active;
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
