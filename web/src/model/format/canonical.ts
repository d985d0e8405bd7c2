import { isRecord } from "./guards";
import { toJson } from "./json";

/** Data as text that is the same for the same data, in whatever order its fields are. */
export function canonical(data: unknown): string {
  return toJson(sorted(data));
}

function sorted(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(sorted);
  if (!isRecord(data)) return data;
  const fields = Object.entries(data).filter(([, value]) => value !== undefined);
  return Object.fromEntries(fields.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => [name, sorted(value)]));
}
