/** What a node's run looks like from afar, and the pictures that it shows. */
import { uploadPort } from "../../model/layout/geometry";
import type { NodeSpec } from "../../model/catalog/catalog";
import type { WorkflowNode } from "../../model/document/document";
import type { Signatures } from "../../model/runs/signature";
import { thumbnailUrl } from "../../runtime/api";
import { isDone, partOf, runningOf } from "../../runtime/innerRuns";
import { isPicture, type NodeRuns } from "../../runtime/nodeRuns";
import type { Output } from "../../runtime/wire.gen";

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

export interface Marked {
  readonly node: WorkflowNode;
  readonly runs: NodeRuns;
  /** What it is called in runs; the nodes inside it, if it is an instance. */
  readonly names: readonly string[];
  readonly failing: boolean;
  readonly signatures: Signatures;
}

/** What a node did last, as far as it still holds for the node as it is. */
export function markOf({ node, runs, names, failing, signatures }: Marked): Mark {
  if (failing) return ERROR;
  if (node.mode) return IDLE;
  if (runningOf(runs, names) !== undefined) return { kind: "running", part: partOf(runs, names) };
  const ran = names.filter((name) => runs[name]);
  const holds = ran.every((name) => isDone(runs[name]) && runs[name]?.signature === signatures[name]);
  return ran.length > 0 && holds ? DONE : IDLE;
}

export interface Pictured {
  readonly node: WorkflowNode;
  readonly spec: NodeSpec;
  readonly running: boolean;
  readonly outputs: readonly Output[];
  /** URL of the latest step preview. */
  readonly preview: string | undefined;
  /** Asset ids of uploaded pictures by the name that nodes know them by. */
  readonly uploads: Readonly<Record<string, string>>;
}

/** URLs of what a node shows: its step preview while it runs, else the pictures it made or was given. */
export function picturesOf({ node, spec, running, outputs, preview, uploads }: Pictured): string[] {
  if (preview && running) return [preview];
  const made = outputs.filter(isPicture);
  if (made.length) return made.map(({ asset }) => thumbnailUrl(asset ?? "", THUMBNAIL));
  if (preview) return [preview];
  const upload = uploadPort(spec);
  const name = upload && node.values[upload.name];
  const asset = typeof name === "string" ? uploads[name] : undefined;
  return asset ? [thumbnailUrl(asset, THUMBNAIL)] : [];
}
