/** Saved workflows, their versions, drafts and templates on the server. */
import { call, get, send, readJson } from "./http";
import type { Problem } from "./wire.gen";

export interface FileInfo {
  /** With its folders: `portraits/anna`. */
  readonly name: string;
  readonly etag: string;
  readonly modified: number;
  readonly size: number;
  /** The document's id; empty if the file has none. */
  readonly id: string;
  readonly thumbnail: string | null;
}

export interface TemplateInfo {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly thumbnail?: string | null;
  readonly tags?: readonly string[];
}

export interface VersionInfo {
  readonly id: string;
  readonly saved: number;
  readonly size: number;
  readonly nodes: number | null;
}

/** What a draft is besides its workflow. `etag` names one state of it. */
export interface DraftInfo {
  readonly id: string;
  readonly name: string;
  readonly file: string | null;
  readonly base: string | null;
  readonly by: string;
  readonly etag: string;
  readonly modified: number;
  /** Who wrote it, and which of its states that is. */
  readonly window: string;
  readonly turn: number;
}

/** What may be there when a draft is written or dropped. */
export interface Ground {
  /** The state that was seen; `null` if there was none. */
  readonly etag: string | null;
  /** States that the server may have besides, by windows; the writer's own comes first. */
  readonly turns: readonly (readonly [window: string, turn: number])[];
}

/** What the server has then: with `late`, its window had told of a later state before, and that stays. */
export interface DraftAnswer {
  readonly etag: string | null;
  readonly late: boolean;
}

/** What the page keeps while somebody edits. */
export interface DraftBody {
  readonly name: string;
  readonly file: string | null;
  readonly base: string | null;
  readonly by: string;
  /** The workflow file's text. */
  readonly text: string;
}

export interface Listing {
  readonly workflows: readonly FileInfo[];
  readonly templates: readonly TemplateInfo[];
}

export const files = {
  list: () => get<Listing>("/v1/workflows"),
  template: (name: string) => get<unknown>(`/v1/templates/${encodeURIComponent(name)}`),

  async read(name: string): Promise<{ data: unknown; etag: string }> {
    const response = await call(fileUrl(name));
    return { data: await readJson(response), etag: response.headers.get("ETag") ?? "" };
  },

  /** Save a text. `etag` is what it replaces; `null` for a new file. Returns the new etag. */
  async save(name: string, text: string, etag: string | null): Promise<string> {
    const headers = { "Content-Type": "application/json", ...matching(etag) };
    const response = await call(fileUrl(name), { method: "PUT", body: text, headers });
    return response.headers.get("ETag") ?? "";
  },

  move: (name: string, to: string, etag: string) =>
    send<FileInfo>("POST", `${fileUrl(name)}/move`, { to }, { "If-Match": etag }),
  remove: (name: string, etag: string) => send<unknown>("DELETE", fileUrl(name), undefined, { "If-Match": etag }),
  restore: (name: string) => send<FileInfo>("POST", `${fileUrl(name)}/restore`),

  versions: async (name: string) => (await get<{ versions: VersionInfo[] }>(`${fileUrl(name)}/versions`)).versions,
  version: (name: string, version: string) => get<unknown>(`${fileUrl(name)}/versions/${encodeURIComponent(version)}`),

  drafts: async () => (await get<{ drafts: DraftInfo[] }>("/v1/drafts")).drafts,
  draft: (id: string) => get<DraftInfo & { workflow: unknown }>(draftUrl(id)),

  /** Keep a draft. The etag is `null` if a later state was dropped meanwhile. */
  async keepDraft(id: string, draft: DraftBody, { etag, turns }: Ground, leaving = false): Promise<DraftAnswer> {
    const { text, ...facts } = draft;
    const body = `${JSON.stringify(facts).slice(0, -1)},"workflow":${text}}`;
    const headers = { "Content-Type": "application/json", ...matching(etag), ...naming(turns) };
    const response = await call(draftUrl(id), { method: "PUT", body, headers, keepalive: leaving });
    return (await response.json()) as DraftAnswer;
  },

  /** The workflow that a file of any program holds or carries, as one of ours, and what was lost on the way. */
  async imported(file: Blob, name: string): Promise<{ workflow: unknown; problems: readonly Problem[] }> {
    const headers = { "Content-Type": "application/octet-stream", "X-Filename": encodeURIComponent(name) };
    const response = await call("/v1/import", { method: "POST", body: file, headers });
    return (await readJson(response)) as { workflow: unknown; problems: readonly Problem[] };
  },

  /** Drop a draft, if there is one; also where the page is going. */
  async dropDraft(id: string, { etag, turns }: Ground): Promise<void> {
    const headers = { ...(etag !== null && matching(etag)), ...naming(turns) };
    await call(draftUrl(id), { method: "DELETE", headers, keepalive: true });
  },
};

function naming(turns: Ground["turns"]): Record<string, string> {
  return turns.length ? { "Draft-Turns": turns.map(([window, turn]) => `${window}=${turn}`).join(", ") } : {};
}

function matching(etag: string | null): Record<string, string> {
  return etag === null ? { "If-None-Match": "*" } : { "If-Match": etag };
}

function fileUrl(name: string): string {
  return `/v1/workflows/${encodeURIComponent(name)}`;
}

function draftUrl(id: string): string {
  return `/v1/drafts/${encodeURIComponent(id)}`;
}
