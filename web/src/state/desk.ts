/** Parts of the studio that editing needs: what is less than the whole can be put together in a test. */
import type { Studio } from "./studio";
import type { Workspace } from "./workspace";

/** What is edited on a canvas, and how it looks there. */
export type Canvassed = Pick<Workspace, "documents" | "types" | "view">;

/** The open document and how it is edited. */
export interface Desk extends Pick<Studio, "documents" | "notify" | "settings" | "view"> {
  readonly workspace: Canvassed;
}
