/**
 * JSON that keeps whole numbers of any size.
 *
 * A seed may have 64 bits, but a JavaScript number holds whole numbers only up to 2^53: larger
 * ones are read as `bigint` and written as the plain digits that they were.
 */

/** What newer engines hand to a reviver and offer beside it; TypeScript does not know them yet. */
interface SourceText {
  readonly source?: string;
}
type Reviver = (this: unknown, key: string, value: unknown) => unknown;
const { rawJSON } = JSON as unknown as { rawJSON?: (text: string) => unknown };

/** Digits that a number may not be able to hold. */
const LONG = /\d{16}/;
const WHOLE = /^-?\d+$/;

/** Read JSON; throws `SyntaxError` as `JSON.parse` does. */
export function parseJson(text: string): unknown {
  // Asking for the source of every value is slow, and hardly any text has such numbers.
  return LONG.test(text) ? JSON.parse(text, exact as Reviver) : JSON.parse(text);
}

/** Write JSON, whole numbers of any size among it. */
export function toJson(value: unknown, indent?: number): string {
  try {
    return JSON.stringify(value, null, indent);
  } catch (error) {
    // A `bigint` is in it. Asking about every value is slow, so it is done only then.
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, digits, indent);
  }
}

function exact(_: string, value: unknown, context?: SourceText): unknown {
  const source = context?.source;
  if (typeof value !== "number" || Number.isSafeInteger(value) || source === undefined || !WHOLE.test(source)) return value;
  return BigInt(source);
}

/** An engine without raw JSON is one that read no `bigint` either: it writes what a number holds. */
function digits(_: string, value: unknown): unknown {
  if (typeof value !== "bigint") return value;
  return rawJSON ? rawJSON(String(value)) : Number(value);
}
