/**
 * Arithmetic in number fields: `512*1.5`, `(768 + 64) / 2`, `sqrt(2)`, `2^64-1`, `50%`, `512 px`.
 *
 * Whole numbers are counted exactly as long as the sum stays whole, so that no seed loses digits.
 */

/** A number as fields hold it; whole ones beyond 2^53 are `bigint`. */
export type Numeric = number | bigint;

type Operation = (a: Numeric, b: Numeric) => Numeric;

/** Larger powers are of no use in a field, and exact ones could take for ever. */
const MOST_BITS = 1024;
const LONGEST = 500;

const FUNCTIONS: ReadonlyMap<string, (...values: number[]) => number> = new Map([
  ["sqrt", Math.sqrt],
  ["abs", Math.abs],
  ["round", Math.round],
  ["floor", Math.floor],
  ["ceil", Math.ceil],
  ["min", Math.min],
  ["max", Math.max],
  ["log", Math.log],
  ["log2", Math.log2],
  ["exp", Math.exp],
  ["sin", Math.sin],
  ["cos", Math.cos],
]);
const CONSTANTS: ReadonlyMap<string, number> = new Map([["pi", Math.PI], ["e", Math.E]]);
/** What may stand behind a number: what it is counted in, or how much of it there is. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ...["px", "s", "x", "°", "deg", "fps"].map((unit) => [unit, 1] as const),
  ["%", 0.01],
  ["k", 1000],
]);

/** The value; `null` if the text is no arithmetic of finite numbers. */
export function evaluate(text: string): Numeric | null {
  if (text.length > LONGEST) return null;
  const tokens = plain(text).match(/\d*\.?\d+(?:e[+-]?\d+)?|\*\*|[-+*/^(),]|[a-z]+\d*|\S/gi) ?? [];
  const reader: Reader = { tokens, at: 0 };
  const value = tokens.length ? sum(reader) : Number.NaN;
  if (reader.at !== tokens.length || !Number.isFinite(Number(value))) return null;
  return typeof value === "bigint" ? narrowed(value) : value;
}

/** A whole number as a `number` where that holds it. */
export function narrowed(value: bigint): Numeric {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Without the gaps in long numbers; a comma is a decimal point unless it parts a function's values. */
function plain(text: string): string {
  const joined = text.toLowerCase().replaceAll(/(?<=\d)[\s\u2009\u202f'_](?=\d{3}(?!\d))/g, "").replaceAll("×", "*").replaceAll("÷", "/");
  return /[a-z]+\d*\(/.test(joined) ? joined : joined.replaceAll(",", ".");
}

interface Reader {
  readonly tokens: readonly string[];
  at: number;
}

function sum(reader: Reader): Numeric {
  return chain(reader, SUMS, product);
}

function product(reader: Reader): Numeric {
  return chain(reader, PRODUCTS, signed);
}

/** Operations of one rank, from left to right. */
function chain(reader: Reader, operations: ReadonlyMap<string, Operation>, part: (reader: Reader) => Numeric): Numeric {
  let value = part(reader);
  for (let act = operations.get(ahead(reader)); act; act = operations.get(ahead(reader))) {
    reader.at++;
    value = act(value, part(reader));
  }
  return value;
}

function signed(reader: Reader): Numeric {
  const sign = ahead(reader);
  if (sign !== "-" && sign !== "+") return power(reader);
  reader.at++;
  const value = signed(reader);
  return sign === "-" ? -value : value;
}

function power(reader: Reader): Numeric {
  const base = measured(reader);
  if (ahead(reader) !== "^" && ahead(reader) !== "**") return base;
  reader.at++;
  return raised(base, signed(reader));
}

/** A value with what it is counted in, if that is said. */
function measured(reader: Reader): Numeric {
  const value = factor(reader);
  const unit = UNITS.get(ahead(reader));
  if (unit === undefined) return value;
  reader.at++;
  return unit === 1 ? value : Number(value) * unit;
}

function factor(reader: Reader): Numeric {
  const token = reader.tokens[reader.at++] ?? "";
  if (token === "(") return closed(reader, sum(reader));
  const named = FUNCTIONS.get(token);
  if (named && ahead(reader) === "(") return called(reader, named);
  if (/^\d+$/.test(token) && token.length <= MOST_BITS) return BigInt(token);
  return CONSTANTS.get(token) ?? (/^[\d.]/.test(token) ? Number(token) : Number.NaN);
}

function called(reader: Reader, act: (...values: number[]) => number): Numeric {
  const values: number[] = [];
  do {
    reader.at++;
    values.push(Number(sum(reader)));
  } while (ahead(reader) === ",");
  return closed(reader, values.every(Number.isFinite) ? act(...values) : Number.NaN);
}

function closed(reader: Reader, value: Numeric): Numeric {
  return reader.tokens[reader.at++] === ")" ? value : Number.NaN;
}

function ahead(reader: Reader): string {
  return reader.tokens[reader.at] ?? "";
}

function plus(a: Numeric, b: Numeric): Numeric {
  return typeof a === "bigint" && typeof b === "bigint" ? a + b : Number(a) + Number(b);
}

function minus(a: Numeric, b: Numeric): Numeric {
  return typeof a === "bigint" && typeof b === "bigint" ? a - b : Number(a) - Number(b);
}

function times(a: Numeric, b: Numeric): Numeric {
  return typeof a === "bigint" && typeof b === "bigint" ? a * b : Number(a) * Number(b);
}

function over(a: Numeric, b: Numeric): Numeric {
  const exact = typeof a === "bigint" && typeof b === "bigint" && b !== 0n && a % b === 0n;
  return exact ? a / b : Number(a) / Number(b);
}

function raised(base: Numeric, exponent: Numeric): Numeric {
  const exact = typeof base === "bigint" && typeof exponent === "bigint" && exponent >= 0n && exponent <= MOST_BITS;
  return exact && Number.isSafeInteger(Number(base)) ? base ** exponent : Number(base) ** Number(exponent);
}

const SUMS: ReadonlyMap<string, Operation> = new Map([["+", plus], ["-", minus]]);
const PRODUCTS: ReadonlyMap<string, Operation> = new Map([["*", times], ["/", over]]);
