/** What is wrong with the document in front, asked from the server a moment after each edit. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Document, Graph } from "../model/document/document";
import { documentToJson } from "../model/format/format";
import { isRecord } from "../model/format/guards";
import { indexOf, NO_PROBLEMS, problemKey, type Problem, type ProblemIndex } from "../model/runs/problems";
import { checkWorkflow } from "../runtime/check";
import { ApiError } from "../runtime/http";
import { runsOf } from "../runtime/jobs";
import type { Runtime } from "./runtime";
import type { CatalogState, Workspace, WorkspacesStore } from "./workspace";

export interface ProblemsState {
  /** By document. */
  readonly documents: Readonly<Record<string, ProblemIndex>>;
  /** Keys of dismissed warnings by document. */
  readonly dismissed: Readonly<Record<string, readonly string[]>>;
}

interface Around {
  readonly catalog: StoreApi<CatalogState>;
  readonly workspaces: WorkspacesStore;
  readonly runtime: Runtime;
}

const SOON_MS = 300;
const KEPT = "wirebrush.dismissed";
const KEPT_DOCUMENTS = 50;

export class Problems {
  readonly store: StoreApi<ProblemsState>;
  readonly #around: Around;
  /** What the check found, by document; an empty canvas is not checked. */
  readonly #checked = new Map<string, readonly Problem[]>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking: AbortController | null = null;
  #unwatch: () => void = () => {};
  #shown = -1;

  constructor(around: Around) {
    this.#around = around;
    this.store = createStore<ProblemsState>()(() => ({ documents: {}, dismissed: kept() }));
  }

  /** Look at every edit from now on. */
  start(): void {
    const { catalog, runtime, workspaces } = this.#around;
    this.#watch(workspaces.getState().active);
    workspaces.subscribe(({ active }, before) => {
      if (active !== before.active) this.#watch(active);
    });
    catalog.subscribe(() => this.#soon());
    runtime.store.subscribe((state, before) => {
      if (state.phase === "live" && before.phase !== "live") this.#soon();
      const { id } = workspaces.getState().active;
      if (runsOf(state.jobs, id).problems !== runsOf(before.jobs, id).problems) this.#merge();
    });
  }

  /** What is wrong with the document in front. */
  get current(): ProblemIndex {
    return problemsOf(this.store.getState(), this.#around.workspaces.getState().active.id);
  }

  /** The place of the problem that many further in the list, around its end. */
  step(by: number): number {
    const { length } = this.current.all;
    this.#shown = length ? (this.#shown + by + length) % length : -1;
    return this.#shown;
  }

  /** Do not show a warning of a document again. Errors cannot be dismissed: they stop runs. */
  dismiss(document: string, problem: Problem): void {
    this.#dismissed(document, [...(this.store.getState().dismissed[document] ?? []), problemKey(problem)]);
  }

  /** Show all warnings of a document again. */
  restore(document: string): void {
    this.#dismissed(document, []);
  }

  #dismissed(document: string, keys: readonly string[]): void {
    const { [document]: _, ...others } = this.store.getState().dismissed;
    const latest = Object.fromEntries([...Object.entries(others), [document, keys] as const].slice(-KEPT_DOCUMENTS));
    this.store.setState({ dismissed: latest });
    keep(latest);
    this.#merge();
  }

  #watch({ documents }: Workspace): void {
    this.#unwatch();
    this.#unwatch = documents.store.subscribe(({ editing }, before) => {
      if (!sameMeaning(editing.document, before.editing.document)) this.#soon();
    });
    this.#merge();
    this.#soon();
  }

  #soon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), SOON_MS);
  }

  /** Only the newest question counts. Without a connection or node types it is asked again later. */
  async #ask(): Promise<void> {
    this.#asking?.abort();
    const { document } = this.#around.workspaces.getState().active.documents;
    if (document.id === "" || !this.#around.catalog.getState().catalog) return;
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const isEmpty = Object.keys(document.nodes).length === 0;
      const problems = isEmpty ? null : await checkWorkflow(documentToJson(document), asking.signal);
      if (asking.signal.aborted) return;
      if (problems) this.#checked.set(document.id, problems);
      else this.#checked.delete(document.id);
      this.#merge();
    } catch (error) {
      if (!asking.signal.aborted && !(error instanceof ApiError)) throw error;
    }
  }

  #merge(): void {
    const { runtime, workspaces } = this.#around;
    const { id } = workspaces.getState().active;
    const { problems: ran } = runsOf(runtime.store.getState().jobs, id);
    const state = this.store.getState();
    const index = indexOf(
      {
        checked: this.#checked.get(id) ?? null,
        ran,
        dismissed: new Set(state.dismissed[id]),
      },
      state.documents[id],
    );
    this.store.setState({ documents: { ...state.documents, [id]: index } });
  }
}

export function problemsOf({ documents }: ProblemsState, document: string): ProblemIndex {
  return documents[document] ?? NO_PROBLEMS;
}

/** Whether two states of a document differ in nothing that a run would notice. */
function sameMeaning(a: Document, b: Document): boolean {
  return a.id === b.id && a.subgraphs === b.subgraphs && sameGraph(a, b);
}

function sameGraph(a: Graph, b: Graph): boolean {
  if (a.nodes === b.nodes && a.wires === b.wires) return true;
  const ids = Object.keys(a.nodes);
  if (a.wires !== b.wires || ids.length !== Object.keys(b.nodes).length) return false;
  return ids.every((id) => {
    const [one, other] = [a.nodes[id], b.nodes[id]];
    return one === other || (one?.type === other?.type && one?.values === other?.values && one?.mode === other?.mode);
  });
}

function kept(): ProblemsState["dismissed"] {
  try {
    const data: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    if (!isRecord(data)) return {};
    const lists = Object.entries(data).filter((entry): entry is [string, string[]] => Array.isArray(entry[1]));
    return Object.fromEntries(lists.map(([id, keys]) => [id, keys.filter((key) => typeof key === "string")]));
  } catch {
    return {};
  }
}

/** A storage that is full or forbidden costs comfort only. */
function keep(dismissed: ProblemsState["dismissed"]): void {
  try {
    localStorage.setItem(KEPT, JSON.stringify(dismissed));
  } catch {
    // full or forbidden
  }
}
