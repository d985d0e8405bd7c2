/** What a run would compute, asked from the server whenever the document has settled. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { setSeeds } from "../model/commands";
import { ROOT, type Document } from "../model/document/document";
import { documentToJson } from "../model/format/format";
import { amend, open } from "../model/document/history";
import { nextSeeds } from "../model/runs/seeds";
import { computedAnew } from "../model/runs/needed";
import type { Signatures } from "../model/runs/signature";
import { api, ApiError } from "../runtime/api";
import { checkWorkflow } from "../runtime/check";
import { isFinal, type Estimates, type Jobs } from "../runtime/jobs";
import type { NodePlanned } from "../runtime/wire.gen";
import type { Runtime, RuntimeState } from "./runtime";
import type { Workspace, WorkspacesStore } from "./workspace";

/** The server's answer, and the document it is about. */
export interface Plan {
  readonly document: string;
  readonly signatures: Signatures;
  /** By the names that nodes have in runs; those that a run does not need are not in it. */
  readonly nodes: Readonly<Record<string, NodePlanned>>;
  /** Nodes that every run computes. */
  readonly anew: ReadonlySet<string>;
  readonly seconds: number | null;
}

export interface PlannerState {
  /** `null` while none is known: nothing was asked yet, or no worker could answer. */
  readonly plan: Plan | null;
  /** Whether nothing has run since. */
  readonly current: boolean;
}

/** What the planner watches. */
export interface Planned {
  readonly workspaces: WorkspacesStore;
  readonly runtime: Runtime;
}

/** Long enough that nobody types any more. */
const SETTLED_MS = 450;

export class Planner {
  readonly store: StoreApi<PlannerState> = createStore<PlannerState>()(() => ({ plan: null, current: false }));
  readonly #around: Planned;
  /** What was asked last, if the answer still holds. */
  #asked: Signatures | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking = new AbortController();
  #unwatch: () => void = () => {};

  constructor(around: Planned) {
    this.#around = around;
    around.workspaces.subscribe(({ active }, before) => active !== before.active && this.#watch(active));
    around.runtime.store.subscribe((now, before) => {
      const [left, had] = now.jobs === before.jobs ? [0, 0] : [this.#open(now.jobs), this.#open(before.jobs)];
      if (left > 0 && had === 0) this.#hold();
      if ((had > 0 && left === 0) || (canAnswer(now) && !canAnswer(before))) this.#askAnew();
    });
    // A page that nobody sees asks nothing.
    window.document.addEventListener("visibilitychange", () => !this.store.getState().current && this.#later());
    this.#watch(around.workspaces.getState().active);
  }

  /** What the nodes of a document are expected to take, as far as the plan for it says so. */
  estimates(document: Document): Estimates {
    const { plan } = this.store.getState();
    if (plan?.document !== document.id) return {};
    return Object.fromEntries(Object.entries(plan.nodes).flatMap(([id, { seconds }]) => (seconds === null ? [] : [[id, seconds]])));
  }

  #watch(workspace: Workspace): void {
    this.#unwatch();
    this.#unwatch = workspace.documents.store.subscribe((now, before) => {
      if (now.editing.document !== before.editing.document) this.#later();
    });
    this.store.setState({ plan: null, current: false });
    this.#askAnew();
  }

  /** A run has begun: what was asked before it says nothing of what comes after it. */
  #hold(): void {
    this.#asking.abort();
    this.store.setState({ current: false });
  }

  #askAnew(): void {
    this.#asked = null;
    this.#later();
  }

  #later(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), SETTLED_MS);
  }

  /** How many jobs of the open document have not ended. */
  #open(jobs: Jobs): number {
    const { id } = this.#around.workspaces.getState().active;
    return jobs.order.filter((job) => jobs.ours[job]?.document === id && !isFinal(jobs.byId[job]?.record.state ?? "failed")).length;
  }

  async #ask(): Promise<void> {
    const workspace = this.#around.workspaces.getState().active;
    const runtime = this.#around.runtime.store.getState();
    const { document } = workspace.documents;
    if (!canAnswer(runtime) || !document.id || this.#open(runtime.jobs) > 0 || window.document.visibilityState === "hidden") return;
    const signatures = workspace.signaturesOf(document);
    if (this.#asked && areSame(this.#asked, signatures)) return;
    this.#asked = signatures;
    this.#asking.abort();
    const asking = new AbortController();
    this.#asking = asking;
    const anew = computedAnew(workspace.flatOf(document), workspace.types);
    const plan = await answer(document, signatures, anew, asking.signal);
    if (!asking.signal.aborted) this.store.setState({ plan, current: true });
  }
}

/** The plan for the next run, with the seeds that it may draw; `null` if the server cannot say. */
async function answer(document: Document, signatures: Signatures, anew: Plan["anew"], signal: AbortSignal): Promise<Plan | null> {
  const next = amend(open(document), setSeeds, nextSeeds(document), ROOT).document;
  const workflow = documentToJson(next);
  try {
    const problems = await checkWorkflow(workflow, signal);
    if (problems.some(({ severity }) => severity === "error")) return null;
    const { nodes, seconds } = await api.plan(workflow, signal);
    return { document: document.id, signatures, nodes, seconds, anew };
  } catch (error) {
    // An answer that is not wanted any more may break off in the middle.
    if (signal.aborted || error instanceof ApiError) return null;
    throw error;
  }
}

/** A worker that has time; one that runs something answers late or never. */
function canAnswer({ phase, workers }: RuntimeState): boolean {
  return phase === "live" && workers.some(({ state }) => state === "idle");
}

function areSame(a: Signatures, b: Signatures): boolean {
  const ids = Object.keys(a);
  return ids.length === Object.keys(b).length && ids.every((id) => a[id] === b[id]);
}

export interface Amount {
  /** Nodes that a run needs, and those of them that it would compute. */
  readonly total: number;
  readonly stale: number;
  readonly seconds: number | null;
}

/** How much the planned run is; `null` if the document has changed in a way that counts. */
export function amountOf(plan: Plan | null, document: string, signatures: Signatures): Amount | null {
  if (plan?.document !== document) return null;
  const nodes = Object.entries(plan.nodes);
  if (nodes.some(([id]) => plan.signatures[id] !== signatures[id])) return null;
  const stale = nodes.filter(([, { state }]) => state === "run").length;
  return { total: nodes.length, stale, seconds: plan.seconds };
}
