/** What a node's run looks like from afar, and the pictures that it shows. */
import { uploadPort } from "../../model/layout/geometry";
import type { NodeSpec } from "../../model/catalog/catalog";
import type { WorkflowNode } from "../../model/document/document";
import { thumbnailUrl } from "../../runtime/api";
import type { NodeRun } from "../../runtime/nodeRuns";

export interface Mark {
  readonly kind: "idle" | "running" | "error" | "done";
  /** How much of it is done, 0 to 1. */
  readonly part: number;
}

const IDLE: Mark = { kind: "idle", part: 0 };
const ERROR: Mark = { kind: "error", part: 0 };
const DONE: Mark = { kind: "done", part: 1 };
/** Longest side of the pictures that are painted; nodes are smaller than this on any screen. */
const THUMBNAIL = 160;

/** What a node did last, as far as it still holds for the node as it is. */
export function markOf(node: WorkflowNode, run: NodeRun | undefined, failing: boolean, signature: string | undefined): Mark {
  if (failing) return ERROR;
  if (!run || node.mode) return IDLE;
  if (run.state === "running") return { kind: "running", part: run.total ? (run.value ?? 0) / run.total : 0 };
  const holds = run.state === "done" || run.state === "cached";
  return holds && run.signature === signature ? DONE : IDLE;
}

export interface Pictured {
  readonly node: WorkflowNode;
  readonly spec: NodeSpec;
  readonly run: NodeRun | undefined;
  /** URL of the latest step preview. */
  readonly preview: string | undefined;
  /** Asset ids of uploaded pictures by the name that nodes know them by. */
  readonly uploads: Readonly<Record<string, string>>;
}

/** URLs of what a node shows: its step preview while it runs, else the pictures it made or was given. */
export function picturesOf({ node, spec, run, preview, uploads }: Pictured): string[] {
  if (preview && run?.state === "running") return [preview];
  const made = (run?.outputs ?? []).filter(({ asset, mime }) => asset && mime?.startsWith("image/"));
  if (made.length) return made.map(({ asset }) => thumbnailUrl(asset ?? "", THUMBNAIL));
  if (preview) return [preview];
  const upload = uploadPort(spec);
  const name = upload && node.values[upload.name];
  const asset = typeof name === "string" ? uploads[name] : undefined;
  return asset ? [thumbnailUrl(asset, THUMBNAIL)] : [];
}
