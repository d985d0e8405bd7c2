import type { Port } from "../model/catalog/catalog";
import type { Json, NodeId, SeedControl } from "../model/document/document";
import type { Problem } from "../model/runs/problems";

/** What every widget is given. It holds no value of its own: unmounting loses nothing. */
export interface WidgetProps {
  readonly node: NodeId;
  readonly port: Port;
  readonly value: Json | undefined;
  /** What is wrong with the value, if anything is. */
  readonly problem: Problem | null;
  /** Several nodes are edited at once and do not agree. */
  readonly mixed?: boolean;
  /** Set the value. Changes with the same `gesture` are one step of undo. */
  readonly change: (value: Json, gesture?: string) => void;
  readonly control?: SeedControl | undefined;
  readonly changeControl?: (control: SeedControl, gesture?: string) => void;
}

/** Problems that keep a node from running are marked more strongly than oddities. */
export function isWrong(problem: Problem | null): boolean {
  return problem !== null && problem.severity !== "warning";
}
