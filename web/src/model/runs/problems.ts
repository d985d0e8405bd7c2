/** Problems of a workflow, from the check while it is edited and from its runs, in one list. */
import type { NodeId, Scope } from "../document/document";
import type { Problem } from "../../runtime/wire.gen";

export type { Problem } from "../../runtime/wire.gen";

export interface ProblemIndex {
  /** Errors first; those that are dismissed are not among them. */
  readonly all: readonly Problem[];
  /** By what nodes are called in runs. A node whose problems stay the same keeps its list. */
  readonly byNode: Readonly<Record<string, readonly Problem[]>>;
  /** Nodes that the last run found fault with: they say so without being asked. */
  readonly loud: ReadonlySet<string>;
  readonly dismissed: number;
}

export const NO_PROBLEMS: ProblemIndex = { all: [], byNode: {}, loud: new Set(), dismissed: 0 };

/** What the check while editing finds too: once it has looked, what a run said of these is old. */
const CHECKED: ReadonlySet<string> = new Set([
  "bad_field",
  "bad_file_name",
  "bad_link",
  "bad_output",
  "bad_wire",
  "cycle",
  "dangling_link",
  "empty",
  "file_not_found",
  "left_out",
  "missing_input",
  "no_output",
  "not_a_choice",
  "not_finite",
  "out_of_range",
  "recursive_subgraph",
  "two_wires",
  "unknown_input",
  "unknown_node_type",
  "unknown_subgraph",
  "wire_needed",
  "wrong_type",
  "wrong_value",
]);

export interface ProblemSources {
  /** What the check found; `null` before it has looked at the document as it is. */
  readonly checked: readonly Problem[] | null;
  /** What the last run found. */
  readonly ran: readonly Problem[];
  /** Keys of warnings that nobody wants to see again. */
  readonly dismissed: ReadonlySet<string>;
}

export function indexOf({ checked, ran, dismissed }: ProblemSources, before: ProblemIndex = NO_PROBLEMS): ProblemIndex {
  const still = withoutRepeated(checked === null ? ran : ran.filter(({ code }) => !CHECKED.has(code)));
  const found = new Map([...still, ...(checked ?? [])].map((problem) => [problemKey(problem), problem]));
  const wanted = [...found.values()].filter((problem) => !(problem.severity === "warning" && dismissed.has(problemKey(problem))));
  const all = wanted.toSorted((a, b) => Number(a.severity === "warning") - Number(b.severity === "warning"));
  const groups = Map.groupBy(all.filter(({ node }) => node !== null), ({ node }) => node ?? "");
  const byNode = Object.fromEntries([...groups].map(([node, list]) => [node, same(before.byNode[node], list)]));
  const loud = new Set(ran.flatMap(({ node }) => (node !== null && node in byNode ? [node] : [])));
  return {
    all: same(before.all, all),
    byNode,
    loud: loud.size === before.loud.size && [...loud].every((node) => before.loud.has(node)) ? before.loud : loud,
    dismissed: found.size - wanted.length,
  };
}

/** A first attempt that ended as the last one did need not be told too. */
function withoutRepeated(ran: readonly Problem[]): readonly Problem[] {
  const final = new Set(ran.filter(({ severity }) => severity !== "warning").map(cause));
  return ran.filter((problem) => problem.severity !== "warning" || !final.has(cause(problem)));
}

function cause({ code, node, port }: Problem): string {
  return [code, node ?? "", port ?? ""].join("\n");
}

/** What tells problems apart; the same one has the same key whoever found it. */
export function problemKey({ code, node, port, message }: Problem): string {
  return [code, node ?? "", port ?? "", message].join("\n");
}

/** Where a problem is: the canvas and the node there; `null` if it is about the whole workflow. */
export function placeOf({ node }: Pick<Problem, "node">): { readonly scope: Scope; readonly node: NodeId } | null {
  if (node === null) return null;
  const path = node.split("/");
  return { scope: path.slice(0, -1), node: path.at(-1) ?? "" };
}

/** The earlier list if the new one says the same, so that nobody draws anew for nothing. */
function same(before: readonly Problem[] | undefined, now: readonly Problem[]): readonly Problem[] {
  const equal = before?.length === now.length && now.every((problem, index) => sameProblem(problem, before[index]));
  return equal ? before : now;
}

function sameProblem(a: Problem, b: Problem | undefined): boolean {
  return b !== undefined && problemKey(a) === problemKey(b) && a.hint === b.hint && a.severity === b.severity;
}
