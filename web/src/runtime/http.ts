/** Requests to the server: one that fails says why in words for people. */
import { t } from "../i18n/text";
import { parseJson, toJson } from "../model/format/json";

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

export async function get<T>(url: string): Promise<T> {
  return (await readJson(await call(url))) as T;
}

/** Send something as JSON, if there is something to send. */
export async function send<T>(method: string, url: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
  const json = body === undefined ? {} : { body: toJson(body) };
  const type = body === undefined ? {} : { "Content-Type": "application/json" };
  return (await readJson(await call(url, { method, headers: { ...type, ...headers }, ...json }))) as T;
}

/** What an answer says. Its numbers keep all their digits. */
export async function readJson(response: Response): Promise<unknown> {
  return parseJson(await response.text());
}

/** For `catch`: what is not there is something else instead. */
export function ifMissing<T>(otherwise: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof ApiError && error.status === 404) return otherwise;
    throw error;
  };
}

export async function call(url: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch {
    throw new ApiError(0, t("banner.unreachable"));
  }
  if (!response.ok) throw await refused(response);
  return response;
}

interface Words {
  readonly message?: string;
  readonly hint?: string;
}

async function refused(response: Response): Promise<ApiError> {
  try {
    const data = (await response.json()) as Words & { error?: Words; problems?: readonly Words[] };
    const { message, hint } = data.error ?? data.problems?.[0] ?? data;
    return new ApiError(response.status, message ?? response.statusText, hint);
  } catch {
    return new ApiError(response.status, response.statusText);
  }
}
