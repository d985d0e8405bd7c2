import { t } from "../../i18n/text";
import type { NodePlan } from "../../state/usePlanned";
import { seconds } from "../../ui/format";

/** How a node's state is said: words first, colour second. */
export interface NodeStateWords {
  readonly kind: "idle" | "running" | "error" | "done";
  readonly words: string;
  readonly look: string;
  readonly reason: string;
}

/** What the next run would do with it. */
export function plannedState({ state, seconds: needed }: NodePlan): NodeStateWords {
  const idle = { kind: "idle", look: "" } as const;
  if (state === "cached") return { ...idle, words: t("node.cached"), reason: "" };
  const reason = needed === null ? t("node.willRun") : `${t("node.willRun")} ${t("run.about", { seconds: seconds(needed) })}.`;
  return { ...idle, words: t("node.stale"), reason };
}
