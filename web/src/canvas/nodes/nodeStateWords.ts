/** How a node's state is said: words first, colour second. */
export interface NodeStateWords {
  readonly kind: "idle" | "running" | "error" | "done";
  readonly words: string;
  readonly look: string;
  readonly reason: string;
}
