/** Running and stopping. */
import { isFinal } from "../../runtime/jobs";
import { runBatch, runSelected } from "../../state/running";
import type { Studio } from "../../state/studio";
import type { AppCommand } from "./command";

export const RUN: readonly AppCommand[] = [
  { id: "run", label: "command.run", menu: "run", group: "run", keys: ["Ctrl+Enter"], inFields: true, enabled: isLive, run: (studio) => runBatch(studio) },
  { id: "runSelected", label: "command.runSelected", menu: "run", group: "run", on: ["node"], keys: ["Alt+Enter"], inFields: true, enabled: canRunSelected, run: runSelected },
  { id: "runFront", label: "command.runFront", menu: "run", group: "run", keys: ["Ctrl+Alt+Enter"], inFields: true, enabled: isLive, run: (studio) => runBatch(studio, { front: true }) },
  { id: "sweep", label: "command.sweep", menu: "run", group: "run", on: ["node"], keys: ["Ctrl+Alt+G"], run: (studio) => studio.ui.setState({ overlay: "sweep" }) },
  { id: "runOnChange", label: "command.runOnChange", menu: "run", group: "change", keys: [], checked: (studio) => studio.settings.getState().runOnChange, run: toggleRunOnChange },
  { id: "previews", label: "command.previews", menu: "run", group: "change", keys: [], checked: (studio) => studio.settings.getState().previews, run: togglePreviews },
  { id: "pause", label: "command.pause", menu: "run", group: "queue", keys: [], enabled: isLive, checked: isPaused, run: togglePause },
  { id: "cancel", label: "command.cancel", menu: "run", group: "stop", keys: ["Ctrl+Shift+Enter"], inFields: true, enabled: hasOpenJobs, run: cancelCurrent },
  { id: "cancelAll", label: "command.cancelAll", menu: "run", group: "stop", keys: [], enabled: hasOpenJobs, run: cancelAll },
];

function isLive(studio: Studio): boolean {
  return studio.runtime.store.getState().phase === "live";
}

function canRunSelected(studio: Studio): boolean {
  return isLive(studio) && studio.view.getState().nodes.size > 0;
}

function isPaused(studio: Studio): boolean {
  return studio.runtime.store.getState().system?.queue.paused ?? false;
}

function hasOpenJobs(studio: Studio): boolean {
  const { order, byId } = studio.runtime.store.getState().jobs;
  return order.some((id) => byId[id] && !isFinal(byId[id].record.state));
}

function toggleRunOnChange(studio: Studio): void {
  studio.settings.setState(({ runOnChange }) => ({ runOnChange: !runOnChange }));
}

function togglePreviews(studio: Studio): void {
  studio.settings.setState(({ previews }) => ({ previews: !previews }));
}

function togglePause(studio: Studio): void {
  studio.runtime.pause(!isPaused(studio)).catch((error: Error) => studio.notify(error.message));
}

export function cancelAll(studio: Studio): void {
  studio.runtime.cancelAll().catch((error: Error) => studio.notify(error.message));
}

/** Stop the job of this document that runs, else the one that is next. */
export function cancelCurrent(studio: Studio): void {
  const { jobs } = studio.runtime.store.getState();
  const open = jobs.order.filter((id) => jobs.ours[id]?.document === studio.workspace.id && !isFinal(jobs.byId[id]?.record.state ?? "failed"));
  const current = open.find((id) => jobs.byId[id]?.record.state === "running") ?? open.at(-1);
  if (current) studio.runtime.cancel(current);
}
