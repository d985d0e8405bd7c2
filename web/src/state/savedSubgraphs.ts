/** The subgraphs that the server keeps, as it named them last. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { FileInfo } from "../runtime/files";

export type SavedSubgraphs = StoreApi<readonly FileInfo[]>;

export function createSavedSubgraphs(): SavedSubgraphs {
  return createStore<readonly FileInfo[]>()(() => []);
}
