/** Frames and notes: what stands around the nodes. Shown, and kept as it is in the file. */
import { isRecord, type Document, type Point } from "./document";

export interface Scenery {
  readonly id: string;
  readonly kind: "frame" | "note";
  readonly text: string;
  readonly at: Point;
  readonly size: Point;
}

/** All frames and notes of the unread fields of a document; what is malformed is passed over. */
export function sceneryOf(rest: Document["rest"]): Scenery[] {
  return [...read(rest["frames"], "frame"), ...read(rest["notes"], "note")];
}

function read(data: unknown, kind: Scenery["kind"]): Scenery[] {
  if (!Array.isArray(data)) return [];
  return data.flatMap((item: unknown, index) => {
    if (!isRecord(item) || !isPoint(item["at"])) return [];
    const text = item[kind === "frame" ? "title" : "text"];
    const size = isPoint(item["size"]) ? item["size"] : ([220, 110] as const);
    return [{ id: `${kind}:${index}`, kind, text: typeof text === "string" ? text : "", at: item["at"], size }];
  });
}

function isPoint(data: unknown): data is Point {
  return Array.isArray(data) && data.length === 2 && data.every((part) => Number.isFinite(part));
}
