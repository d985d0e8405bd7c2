/** How much room things on a node have, by density. Keep in step with `ui/density.css`. */
export type Density = "compact" | "normal" | "roomy";

/** In pixels at full zoom. */
export interface Metrics {
  /** The title's row. */
  readonly header: number;
  readonly portRow: number;
  readonly field: number;
  /** Between fields. */
  readonly gap: number;
  readonly textField: number;
  /** Left, right and below. */
  readonly padding: number;
  /** What stands below a picture. */
  readonly footer: number;
}

export const METRICS: Readonly<Record<Density, Metrics>> = {
  compact: { header: 34, portRow: 20, field: 22, gap: 2, textField: 58, padding: 8, footer: 24 },
  normal: { header: 42, portRow: 22, field: 26, gap: 4, textField: 72, padding: 10, footer: 28 },
  roomy: { header: 48, portRow: 28, field: 32, gap: 6, textField: 92, padding: 12, footer: 32 },
};
