/** What data from files and other programs may turn out to be. */
import type { Point, PortRef } from "../document/document";

export function isRecord(data: unknown): data is Record<string, unknown> {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}

export function isPoint(data: unknown): data is Point {
  return Array.isArray(data) && data.length === 2 && data.every((part) => Number.isFinite(part));
}

export function isPortRef(data: unknown): data is PortRef {
  return Array.isArray(data) && data.length === 2 && data.every((part) => typeof part === "string");
}
