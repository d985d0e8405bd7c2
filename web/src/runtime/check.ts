/** Asking the server what is wrong with a workflow; nothing is run. */
import { toJson } from "../model/format/json";
import { call, readJson } from "./http";
import type { Problem } from "./wire.gen";

/** The problems of a workflow's data, as a run would meet them. */
export async function checkWorkflow(workflow: unknown, signal: AbortSignal): Promise<readonly Problem[]> {
  const headers = { "Content-Type": "application/json" };
  const response = await call("/v1/validate", { method: "POST", body: toJson({ workflow }), headers, signal });
  return ((await readJson(response)) as { problems: Problem[] }).problems;
}
