/** Numbers as number fields treat them: bounds, steps, and how many digits are shown. */
import type { Widget } from "./catalog";

/** The nearest value that the field takes. */
export function fitted(value: number, widget: Widget): number {
  const low = widget.min ?? Number.NEGATIVE_INFINITY;
  const high = Math.min(widget.max ?? Number.POSITIVE_INFINITY, whole(widget) ? Number.MAX_SAFE_INTEGER : Number.POSITIVE_INFINITY);
  const bounded = Math.min(high, Math.max(low, value));
  return whole(widget) ? Math.round(bounded) : Number(bounded.toFixed(10));
}

/** The value some nudges further, on the grid of the field's steps. */
export function nudged(value: number, nudges: number, widget: Widget): number {
  const step = stepOf(widget);
  return fitted(Math.round(value / step) * step + nudges * step, widget);
}

export function stepOf(widget: Widget): number {
  return widget.step ?? (whole(widget) ? 1 : 0.01);
}

/** Digits after the point: those of the step, or more where the value has more. */
export function shown(value: number, widget: Widget): string {
  if (whole(widget)) return String(value);
  const digits = Math.max(decimals(stepOf(widget)), Math.min(6, decimals(value)));
  return value.toFixed(Math.min(10, digits));
}

/** The same with groups of three digits, for reading: `8 412 077`. */
export function grouped(value: number, widget: Widget): string {
  const [front = "", back] = shown(value, widget).split(".");
  const spaced = front.length > 4 ? front.replaceAll(/\B(?=(\d{3})+$)/g, "\u2009") : front;
  return back === undefined ? spaced : `${spaced}.${back}`;
}

function whole(widget: Widget): boolean {
  return widget.kind === "int" || widget.kind === "seed";
}

function decimals(value: number): number {
  const [mantissa = "", exponent = "0"] = String(value).split("e");
  const digits = mantissa.split(".")[1]?.length ?? 0;
  return Math.max(0, digits - Number(exponent));
}
