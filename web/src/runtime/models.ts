/** Model files on the server, by kind (`checkpoints`, `loras`...). */
import { get } from "./http";

export interface ModelInfo {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** In seconds since 1970. */
  readonly modified: number;
  readonly has_thumbnail: boolean;
}

const kindUrl = (kind: string): string => `/v1/models/${encodeURIComponent(kind)}`;

export const models = {
  of: async (kind: string): Promise<readonly ModelInfo[]> => (await get<{ models: ModelInfo[] }>(kindUrl(kind))).models,
  /** A small picture of a model, `size` pixels at its longest side. */
  thumbnailUrl: (kind: string, name: string, size: number): string =>
    `${kindUrl(kind)}/${encodeURIComponent(name)}/thumbnail?size=${size}`,
};
