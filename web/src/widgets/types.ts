import type { Port } from "../model/catalog";
import type { Json, SeedControl } from "../model/document";

/** What every widget is given. It holds no value of its own: unmounting loses nothing. */
export interface WidgetProps {
  readonly port: Port;
  readonly value: Json | undefined;
  readonly wrong: boolean;
  /** Set the value. Changes with the same `gesture` are one step of undo. */
  readonly change: (value: Json, gesture?: string) => void;
  readonly control?: SeedControl | undefined;
  readonly changeControl?: (control: SeedControl) => void;
}
