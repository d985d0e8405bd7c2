/** How components reach the studio, and narrow hooks on its stores. */
import { createContext, use } from "react";
import { useStore } from "zustand";
import { useShallow } from "zustand/react/shallow";
import type { Catalog } from "../model/catalog/catalog";
import { graphAt, runId, type Document, type Graph, type NodeId } from "../model/document/document";
import type { ProblemIndex } from "../model/runs/problems";
import { runsOf, type DocumentRuns, type NodeRun } from "../runtime/jobs";
import type { DocumentState } from "./document";
import type { PacksState } from "./packs";
import { problemsOf } from "./problems";
import type { RuntimeState } from "./runtime";
import type { Settings } from "./settings";
import type { Studio } from "./studio";
import type { UiState } from "./ui";
import type { ViewState } from "./view";
import type { CatalogState, Workspace } from "./workspace";

const StudioContext = createContext<Studio | null>(null);

export const StudioProvider = StudioContext.Provider;

export function useStudio(): Studio {
  const studio = use(StudioContext);
  if (!studio) throw new Error("There is no StudioProvider above this component.");
  return studio;
}

/** The document in front; components follow when another tab is chosen. */
export function useWorkspace(): Workspace {
  return useStore(useStudio().workspaces, (state) => state.active);
}

/** Part of the open document; the component renders again only when that part changes. */
export function useDocument<T>(part: (document: Document) => T): T {
  return useStore(useWorkspace().documents.store, (state) => part(state.editing.document));
}

/** Part of what is on the canvas: the document's own graph, or the subgraph that is open. */
export function useGraph<T>(part: (graph: Graph) => T): T {
  return useStore(useWorkspace().documents.store, ({ editing, scope }) => part(graphAt(editing.document, scope)));
}

export function useDocumentState<T>(part: (state: DocumentState) => T): T {
  return useStore(useWorkspace().documents.store, useShallow(part));
}

export function useRuntime<T>(part: (state: RuntimeState) => T): T {
  return useStore(useStudio().runtime.store, part);
}

/** Part of what the open document's nodes did, by the names that nodes have in runs. */
export function useRuns<T>(part: (runs: DocumentRuns) => T): T {
  const id = useDocument((document) => document.id);
  return useRuntime(({ jobs }) => part(runsOf(jobs, id)));
}

/** Part of what is wrong with the open document. */
export function useProblems<T>(part: (index: ProblemIndex) => T): T {
  const id = useDocument((document) => document.id);
  return useStore(useStudio().problems.store, (state) => part(problemsOf(state, id)));
}

/** What a node on the canvas is called in runs. */
export function useRunId(node: NodeId): string {
  const { documents } = useWorkspace();
  return useStore(documents.store, ({ scope }) => runId(scope, node));
}

/** What a node on the canvas did last. */
export function useNodeRun<T>(node: NodeId, part: (run: NodeRun | undefined) => T): T {
  const id = useRunId(node);
  return useRuns(({ nodes }) => part(nodes[id]));
}

export function useCatalog<T>(part: (state: CatalogState) => T): T {
  return useStore(useStudio().catalog, part);
}

export function usePacks<T>(part: (state: PacksState) => T): T {
  return useStore(useStudio().packs.store, part);
}

/** Packs that are not there, with the line that says why; not those that lack some of their nodes. */
export function useLostPacks(): Catalog["failures"] {
  const failures = useCatalog(({ catalog }) => catalog?.failures);
  const packs = usePacks((state) => state.packs);
  return (failures ?? []).filter(({ pack }) => !packs.some(({ name, loaded }) => loaded && name === pack));
}

/** All node types that the open document may use, its subgraphs among them. */
export function useNodeTypes(): Catalog | null {
  const workspace = useWorkspace();
  useCatalog(({ catalog }) => catalog);
  return useDocument(() => workspace.types);
}

export function useView<T>(part: (state: ViewState) => T): T {
  return useStore(useWorkspace().view, part);
}

export function useSettings<T>(part: (settings: Settings) => T): T {
  return useStore(useStudio().settings, part);
}

export function useUi<T>(part: (state: UiState) => T): T {
  return useStore(useStudio().ui, part);
}
