/** What is open beside the canvas: panels, the enlarged picture, notices. The same for all documents. */
import { createStore, type StoreApi } from "zustand/vanilla";

export interface Enlarged {
  readonly asset: string;
  readonly name: string;
  readonly width: number | null;
  readonly height: number | null;
}

/** What may lie over the page, one at a time. */
export type Overlay = "palette" | "settings" | "shortcuts" | "open" | "saveAs" | "versions" | "conflict" | "sweep" | "gallery" | "tour";

export interface UiState {
  readonly enlarged: Enlarged | null;
  /** Which side panel is open where there is no room for both. */
  readonly panel: "library" | "activity" | null;
  readonly overlay: Overlay | null;
  /** How often Run runs. */
  readonly batch: number;
  /** The sweep whose pictures are shown. */
  readonly sweep: string | null;
  /** What the lightbox goes through; without, the latest pictures. */
  readonly among: readonly Enlarged[] | null;
  /** What the enlarged picture is compared with. */
  readonly beside: Enlarged | null;
  readonly notice: string;
  /** What can be done about the notice: undo it, open what it speaks of. */
  readonly remedy: Remedy | null;
}

export interface Remedy {
  readonly label: string;
  readonly run: () => void;
}

export type UiStore = StoreApi<UiState>;

export function createUiStore(): UiStore {
  return createStore<UiState>()(() => ({ enlarged: null, panel: null, overlay: null, batch: 1, sweep: null, among: null, beside: null, notice: "", remedy: null }));
}
