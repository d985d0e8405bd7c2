/** Numbers as number fields treat them: bounds, steps, and how many digits are shown. */
import type { Widget } from "../catalog/catalog";
import { narrowed, type Numeric } from "./expression";

export type { Numeric } from "./expression";

/** The largest seed that the field has; what counts up beyond it starts again at 0. */
export const MAX_SEED = 2n ** 64n - 1n;

/** A value of a widget as a number; text that is one counts. */
export function numeric(value: unknown): Numeric {
  if (typeof value === "bigint") return narrowed(value);
  const number = Number(value ?? 0);
  return Number.isFinite(number) ? number : 0;
}

/** Whether a value is there and is no number, as in a file that was written by hand. */
export function isNoNumber(value: unknown): boolean {
  if (value === undefined || typeof value === "number" || typeof value === "bigint") return false;
  return typeof value !== "string" || value.trim() === "" || !Number.isFinite(Number(value));
}

/** The nearest value that the field takes. */
export function fitted(value: Numeric, widget: Widget): Numeric {
  const { min, max } = widget;
  if (isWhole(widget)) {
    let fit = typeof value === "bigint" ? value : BigInt(Math.round(value));
    if (isNumber(min) && fit < min) fit = BigInt(typeof min === "bigint" ? min : Math.ceil(min));
    if (isNumber(max) && fit > max) fit = BigInt(typeof max === "bigint" ? max : Math.floor(max));
    return narrowed(fit);
  }
  const low = Number(min ?? Number.NEGATIVE_INFINITY);
  const high = Number(max ?? Number.POSITIVE_INFINITY);
  return Number(Math.min(high, Math.max(low, Number(value))).toFixed(10));
}

/** Which bound a value lies beyond. */
export function beyond(value: Numeric, { min, max }: Widget): "min" | "max" | null {
  if (isNumber(min) && value < min) return "min";
  return isNumber(max) && value > max ? "max" : null;
}

/** The value some nudges further, on the grid of the field's steps. */
export function nudged(value: Numeric, nudges: number, widget: Widget): Numeric {
  const step = stepOf(widget);
  const next = Math.round(Number(value) / step) * step + nudges * step;
  if (isWhole(widget) && Number.isInteger(step) && !Number.isSafeInteger(next))
    return fitted(BigInt(value) + BigInt(nudges) * BigInt(step), widget);
  return fitted(next, widget);
}

export function stepOf(widget: Widget): number {
  return Number(widget.step || (isWhole(widget) ? 1 : 0.01));
}

/** The seed after this one. */
export function nextSeed(value: Numeric): Numeric {
  const next = BigInt(typeof value === "bigint" ? value : Math.round(value)) + 1n;
  return next > MAX_SEED ? 0 : narrowed(next);
}

/**
 * Digits after the point: those of the step, or more where the value has more. A point in every
 * language, as it is typed: in fields, a comma stands between the arguments of `min(2, 3)`.
 */
export function shown(value: Numeric, widget: Widget): string {
  if (isWhole(widget) || typeof value === "bigint") return plainDigits(value);
  const digits = Math.max(decimals(stepOf(widget)), Math.min(6, decimals(value)));
  return value.toFixed(Math.min(10, digits));
}

/** The same with groups of three digits, for reading: `8 412 077`. */
export function grouped(value: Numeric, widget: Widget): string {
  const [front = "", back] = shown(value, widget).split(".");
  const spaced = front.length > 4 ? front.replaceAll(/\B(?=(\d{3})+$)/g, "\u2009") : front;
  return back === undefined ? spaced : `${spaced}.${back}`;
}

/** A slider suits numbers with two near bounds. */
export function isSlidable({ kind, min, max, ...widget }: Widget): boolean {
  if (kind === "slider") return isNumber(min) && isNumber(max);
  if (kind !== "float" || !isNumber(min) || !isNumber(max)) return false;
  return (Number(max) - Number(min)) / stepOf({ kind, ...widget }) <= FINEST_SLIDER;
}

const FINEST_SLIDER = 200;

export function isWhole({ kind, step }: Widget): boolean {
  return kind === "int" || kind === "seed" || (kind === "slider" && Number.isInteger(Number(step ?? Number.NaN)));
}

function isNumber(bound: Numeric | null | undefined): bound is Numeric {
  return typeof bound === "number" || typeof bound === "bigint";
}

/** Without an exponent, however large. */
function plainDigits(value: Numeric): string {
  return Number.isInteger(value) && Math.abs(Number(value)) >= 1e21 ? String(BigInt(value)) : String(value);
}

function decimals(value: number): number {
  const [mantissa = "", exponent = "0"] = String(value).split("e");
  const digits = mantissa.split(".")[1]?.length ?? 0;
  return Math.max(0, digits - Number(exponent));
}
