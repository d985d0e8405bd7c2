/** How components reach the studio, and narrow hooks on its stores. */
import { createContext, use } from "react";
import { useStore } from "zustand";
import { useShallow } from "zustand/react/shallow";
import type { Document } from "../model/document";
import type { DocumentState } from "./document";
import type { RuntimeState } from "./runtime";
import type { CatalogState, Studio } from "./studio";
import type { ViewState } from "./view";

const StudioContext = createContext<Studio | null>(null);

export const StudioProvider = StudioContext.Provider;

export function useStudio(): Studio {
  const studio = use(StudioContext);
  if (!studio) throw new Error("There is no StudioProvider above this component.");
  return studio;
}

/** Part of the open document; the component renders again only when that part changes. */
export function useDocument<T>(part: (document: Document) => T): T {
  return useStore(useStudio().documents.store, (state) => part(state.editing.document));
}

export function useDocumentState<T>(part: (state: DocumentState) => T): T {
  return useStore(useStudio().documents.store, useShallow(part));
}

export function useRuntime<T>(part: (state: RuntimeState) => T): T {
  return useStore(useStudio().runtime.store, part);
}

export function useCatalog<T>(part: (state: CatalogState) => T): T {
  return useStore(useStudio().catalog, part);
}

export function useView<T>(part: (state: ViewState) => T): T {
  return useStore(useStudio().view, part);
}
