/** The server's HTTP routes that the page uses, each as one typed function. */
import { call, get, send } from "./http";
import type { AssetRecord, Catalog as CatalogData, JobRecord, NodeFailed, NodePlanned, PackRecord } from "./wire.gen";
import { toJson } from "../model/format/json";

export { ApiError } from "./http";

export interface SystemInfo {
  readonly version: string;
  readonly workers: readonly WorkerInfo[];
  readonly cache: { readonly bytes: number };
  readonly queue: { readonly paused: boolean; readonly obstacle: string | null };
}

export interface WorkerInfo {
  readonly worker: string;
  readonly state: string;
  readonly device: string;
  readonly detail: string;
}

export interface QueueInfo {
  readonly paused: boolean;
  readonly obstacle: string | null;
  readonly waiting: readonly JobRecord[];
}

export interface JobsQuery {
  readonly limit: number;
  readonly state?: string;
  readonly group?: string;
  readonly document?: string;
  readonly before?: string;
}

export interface AssetQuery {
  readonly kind?: "output" | "upload";
  readonly search?: string;
  readonly model?: string;
  /** Seconds since 1970: from then on, and up to then. */
  readonly after?: number;
  readonly before?: number;
  readonly starred?: boolean;
  readonly trashed?: boolean;
  readonly cursor?: string;
  readonly limit?: number;
}

/** What pictures can be narrowed by. */
export interface Facets {
  readonly total: number;
  readonly starred: number;
  readonly models: readonly { readonly model: string; readonly count: number }[];
  /** Days as 2026-03-31, in this browser's time. */
  readonly days: readonly { readonly day: string; readonly count: number }[];
}

export interface PlanAnswer {
  readonly nodes: Readonly<Record<string, NodePlanned>>;
  readonly seconds: number | null;
}

export const assetUrl = (id: string): string => `/v1/assets/${encodeURIComponent(id)}`;
export const thumbnailUrl = (id: string, size: number): string => `${assetUrl(id)}/thumbnail?size=${size}`;

export const api = {
  catalog: () => get<CatalogData>("/v1/nodes"),
  packs: () => get<{ packs: PackRecord[]; folders: string[] }>("/v1/packs"),
  /** Turn a pack on or off. */
  turnPack: (name: string, on: boolean) => send<PackRecord>("PUT", `/v1/packs/${encodeURIComponent(name)}`, { on }),
  /** Let workers look for packs anew. */
  reloadPacks: () => send<{ looking: boolean }>("POST", "/v1/packs/reload"),
  system: () => get<SystemInfo>("/v1/system"),
  queue: () => get<QueueInfo>("/v1/queue"),
  jobs: (query: JobsQuery) => get<{ jobs: JobRecord[]; next: string | null }>(`/v1/jobs?${parameters({ ...query })}`),
  job: async (id: string) => (await get<{ job: JobRecord }>(`/v1/jobs/${id}`)).job,
  jobBody: (id: string) => get<{ workflow: unknown; targets: string[] }>(`/v1/jobs/${id}/body`),
  /** How nodes of a job failed. */
  jobFailures: async (id: string) => (await get<{ failures: NodeFailed[] }>(`/v1/jobs/${id}/failures`)).failures,
  retry: async (id: string) => (await send<{ job: JobRecord }>("POST", `/v1/jobs/${id}/retry`)).job,
  cancel: (id: string) => send<{ job: JobRecord }>("POST", `/v1/jobs/${id}/cancel`),
  /** Put a waiting job before another; `null`: behind all of its priority. */
  move: async (id: string, before: string | null, priority: number) =>
    (await send<{ job: JobRecord }>("POST", `/v1/jobs/${id}/move`, before === null ? { priority } : { before })).job,
  pause: () => send<{ paused: boolean }>("POST", "/v1/queue/pause"),
  resume: () => send<{ paused: boolean }>("POST", "/v1/queue/resume"),
  clear: () => send<{ cancelled: string[] }>("POST", "/v1/queue/clear"),
  async plan(workflow: unknown, signal: AbortSignal): Promise<PlanAnswer> {
    const headers = { "Content-Type": "application/json" };
    const response = await call("/v1/plan", { method: "POST", body: toJson({ workflow }), headers, signal });
    return (await response.json()) as PlanAnswer;
  },

  assets: (query: AssetQuery) => get<{ assets: AssetRecord[]; next: string | null }>(`/v1/assets?${parameters({ ...query })}`),
  asset: (id: string) => get<AssetRecord>(`${assetUrl(id)}/info`),
  facets: (offset: number) => get<Facets>(`/v1/assets/facets?kind=output&offset=${offset}`),
  star: (id: string, starred: boolean) => send<AssetRecord>("PATCH", assetUrl(id), { starred }),
  trash: (id: string) => send<{ deleted: string }>("DELETE", assetUrl(id)),
  restore: (id: string) => send<AssetRecord>("POST", `${assetUrl(id)}/restore`),
  /** What made a picture. */
  origin: (id: string) => get<{ workflow: unknown; prompt: unknown }>(`${assetUrl(id)}/workflow`),
  async upload(file: File): Promise<AssetRecord> {
    const headers = { "X-Filename": encodeURIComponent(file.name || "pasted.png") };
    const response = await call("/v1/assets", { method: "POST", body: file, headers });
    return (await response.json()) as AssetRecord;
  },
};

/** The part of a URL behind the question mark; what is not given is left out. */
function parameters(values: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const given = Object.entries(values).flatMap(([name, value]): [string, string][] =>
    value === undefined || value === "" || value === false ? [] : [[name, value === true ? "1" : String(value)]],
  );
  return new URLSearchParams(given).toString();
}
