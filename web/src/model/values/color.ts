/** Colours as fields hold them: `#rrggbb`, or the same as one number. */
import type { Port } from "../catalog/catalog";
import type { Json } from "../document/document";

const LARGEST = 0xff_ff_ff;

/** `#rrggbb` of what somebody typed: `fff`, `#FF7A45`, `rgb(255, 122, 69)`; `null` if it is no colour. */
export function parseColor(text: string): string | null {
  const typed = text.trim().toLowerCase();
  const [, hex] = /^#?([\da-f]{6}|[\da-f]{3})$/.exec(typed) ?? [];
  if (hex) return `#${hex.length === 3 ? [...hex].map((digit) => digit + digit).join("") : hex}`;
  const parts = /^(?:rgb\()?\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})\s*\)?$/.exec(typed)?.slice(1).map(Number);
  return parts?.every((part) => part <= 255) ? `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}` : null;
}

/** A stored colour as text. */
export function colorText(value: Json | undefined): string {
  if (typeof value === "number") return `#${Math.min(LARGEST, Math.max(0, Math.round(value))).toString(16).padStart(6, "0")}`;
  return typeof value === "string" ? value : "";
}

/** Whether a port is a colour: said by its widget, or a number called so that holds just that. */
export function isColor({ name, widget }: Port): boolean {
  if (widget?.kind === "color") return true;
  return widget?.kind === "int" && Number(widget.max) === LARGEST && name.includes("color");
}
