/** Running and stopping. */
import { isFinal } from "../../runtime/jobs";
import type { Studio } from "../../state/studio";
import type { AppCommand } from "./command";

export const RUN: readonly AppCommand[] = [
  { id: "run", label: "command.run", menu: "run", keys: ["Ctrl+Enter"], inFields: true, run: (studio) => studio.run() },
  { id: "cancel", label: "command.cancel", menu: "run", keys: ["Ctrl+Shift+Enter"], inFields: true, run: cancelCurrent },
];

/** Stop the job of this document that runs, else the one that is next. */
export function cancelCurrent(studio: Studio): void {
  const { jobs } = studio.runtime.store.getState();
  const open = jobs.order.filter((id) => jobs.ours[id]?.document === studio.workspace.id && !isFinal(jobs.byId[id]?.record.state ?? "failed"));
  const current = open.find((id) => jobs.byId[id]?.record.state === "running") ?? open.at(-1);
  if (current) studio.runtime.cancel(current);
}
