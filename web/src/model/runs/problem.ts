/** Problems in the words that suit the place where they are shown. */
import type { Problem } from "../../runtime/wire.gen";

/** Beside its node a problem need not say which node it means: `KSampler (node 8): ` goes. */
export function wordsBeside({ message }: Pick<Problem, "message">): string {
  const words = message.replace(/^[^:]{1,80} \(node [^)]{1,80}\): */, "");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
