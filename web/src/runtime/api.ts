/** The server's HTTP routes that the page uses, each as one typed function. */
import type { AssetRecord, Catalog as CatalogData, JobRecord } from "./wire.gen";

/** The server refused or could not be reached. `status` 0: there was no answer. */
export class ApiError extends Error {
  readonly status: number;
  readonly hint: string;

  constructor(status: number, message: string, hint = "") {
    super(message);
    this.status = status;
    this.hint = hint;
  }
}

export interface FileInfo {
  readonly name: string;
  readonly etag: string;
  readonly modified: number;
}

export interface TemplateInfo {
  readonly name: string;
  readonly title: string;
  readonly description: string;
}

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
  workflows: () => get<{ workflows: FileInfo[]; templates: TemplateInfo[] }>("/v1/workflows"),
  template: (name: string) => get<unknown>(`/v1/templates/${encodeURIComponent(name)}`),

  async workflow(name: string): Promise<{ data: unknown; etag: string }> {
    const response = await call(fileUrl(name));
    return { data: await response.json(), etag: response.headers.get("ETag") ?? "" };
  },

  /** Save a text. `etag` is what it replaces; `null` for a new file. Returns the new etag. */
  async save(name: string, text: string, etag: string | null, leaving = false): Promise<string> {
    const match: Record<string, string> = etag === null ? { "If-None-Match": "*" } : { "If-Match": etag };
    const response = await call(fileUrl(name), {
      method: "PUT",
      body: text,
      headers: { "Content-Type": "application/json", ...match },
      keepalive: leaving,
    });
    return response.headers.get("ETag") ?? "";
  },

  async removeFile(name: string, etag: string): Promise<void> {
    await call(fileUrl(name), { method: "DELETE", headers: { "If-Match": etag } });
  },

  async upload(file: File): Promise<AssetRecord> {
    const headers = { "X-Filename": encodeURIComponent(file.name || "pasted.png") };
    const response = await call("/v1/assets", { method: "POST", body: file, headers });
    return (await response.json()) as AssetRecord;
  },
};

function fileUrl(name: string): string {
  return `/v1/workflows/${encodeURIComponent(name)}`;
}

async function get<T>(url: string): Promise<T> {
  return (await (await call(url)).json()) as T;
}

async function send<T>(method: string, url: string): Promise<T> {
  return (await (await call(url, { method })).json()) as T;
}

async function call(url: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch {
    throw new ApiError(0, "The server cannot be reached.");
  }
  if (!response.ok) throw await refused(response);
  return response;
}

async function refused(response: Response): Promise<ApiError> {
  try {
    const data = (await response.json()) as { error?: { message?: string; hint?: string } };
    const { message, hint } = data.error ?? (data as { message?: string; hint?: string });
    return new ApiError(response.status, message ?? response.statusText, hint);
  } catch {
    return new ApiError(response.status, response.statusText);
  }
}
