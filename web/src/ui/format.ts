/** Numbers as people read them. */
import { language } from "../i18n/text";

export function seconds(value: number): string {
  if (value < 0.0995) return `${Math.max(1, Math.round(value * 1000))} ms`;
  if (value < 59.95) return `${decimal(value, 1)} s`;
  const rounded = Math.round(value);
  return `${Math.floor(rounded / 60)} min ${String(rounded % 60).padStart(2, "0")} s`;
}

/** A number with so many digits behind the point, as the language writes them. */
function decimal(value: number, digits: number): string {
  return value.toLocaleString(language(), { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false });
}

export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  const scaled = value / 1000 ** power;
  return `${decimal(scaled, scaled < 9.95 && power > 0 ? 1 : 0)} ${units[power]}`;
}

export function clock(ms: number): string {
  return new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
}

/** A port's or widget's name as a label: `sampler_name` is "sampler name". */
export function label(name: string): string {
  return name.replaceAll("_", " ");
}

/** What a port is called: ports of subgraphs have names of their own beside their ids. */
export function portLabel(port: { readonly name: string; readonly label?: string }): string {
  return port.label ?? label(port.name);
}

/** A day and a time of it, as the language writes them; hours as `clock` has them. */
export function dateAndTime(ms: number): string {
  return new Date(ms).toLocaleString(language(), { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });
}

/** The same to the second: two that were made one soon after the other are told apart. */
export function moment(ms: number): string {
  return new Date(ms).toLocaleString(language(), { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });
}

/** A day, as the language writes it. */
export function day(ms: number): string {
  return new Date(ms).toLocaleDateString(language(), { dateStyle: "medium" });
}
