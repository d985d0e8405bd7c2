/** The server's HTTP routes that the page uses, each as one typed function. */
import { call, get, send } from "./http";
import type { AssetRecord, Catalog as CatalogData, JobRecord } from "./wire.gen";

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

export const assetUrl = (id: string): string => `/v1/assets/${encodeURIComponent(id)}`;
export const thumbnailUrl = (id: string, size: number): string => `${assetUrl(id)}/thumbnail?size=${size}`;

export const api = {
  catalog: () => get<CatalogData>("/v1/nodes"),
  system: () => get<SystemInfo>("/v1/system"),
  queue: () => get<QueueInfo>("/v1/queue"),
  jobs: (limit: number) => get<{ jobs: JobRecord[] }>(`/v1/jobs?limit=${limit}`),
  job: async (id: string) => (await get<{ job: JobRecord }>(`/v1/jobs/${id}`)).job,
  jobBody: (id: string) => get<{ workflow: unknown; targets: string[] }>(`/v1/jobs/${id}/body`),
  retry: async (id: string) => (await send<{ job: JobRecord }>("POST", `/v1/jobs/${id}/retry`)).job,
  cancel: (id: string) => send<{ job: JobRecord }>("POST", `/v1/jobs/${id}/cancel`),
  assets: (kind: "output" | "upload", limit: number) =>
    get<{ assets: AssetRecord[] }>(`/v1/assets?kind=${kind}&limit=${limit}`),
  async upload(file: File): Promise<AssetRecord> {
    const headers = { "X-Filename": encodeURIComponent(file.name || "pasted.png") };
    const response = await call("/v1/assets", { method: "POST", body: file, headers });
    return (await response.json()) as AssetRecord;
  },
};
