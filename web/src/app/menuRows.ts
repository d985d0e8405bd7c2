/** How commands stand in a menu: in groups, and long groups folded behind a row of their own. */
import type { AppCommand } from "./commands";

/** Groups that fold when they are long, as their words `menu.group.*` say what they are about. */
const FOLDABLE = ["align", "distribute", "nudge", "select", "subgraph", "tabs", "walk", "wire"] as const;
const LONG = 3;

export type FoldedGroup = (typeof FOLDABLE)[number];

export type MenuRow = { readonly command: AppCommand } | { readonly fold: FoldedGroup; readonly commands: readonly AppCommand[] };

/** Rows by group; what folds stands together behind the others, and what deletes is last. */
export function menuRows(commands: readonly AppCommand[]): MenuRow[][] {
  const groups = [...Map.groupBy(commands, ({ group }) => group ?? "")];
  const last = groups.filter(([name]) => name === "selection");
  const folded = groups.filter(([name, members]) => folds(name, members));
  const open = groups.filter((group) => !last.includes(group) && !folded.includes(group));
  const rows = ([, members]: (typeof groups)[number]): MenuRow[] => members.map((command) => ({ command }));
  const behind = folded.map(([name, members]): MenuRow => ({ fold: name as FoldedGroup, commands: members }));
  return [...joined(open.map(rows)), behind, ...last.map(rows)].filter((group) => group.length > 0);
}

/** Groups of one row that follow each other are one group: a line around each row separates nothing. */
function joined(groups: readonly MenuRow[][]): MenuRow[][] {
  const all: MenuRow[][] = [];
  let isSingles = false;
  for (const group of groups) {
    const before = all.at(-1);
    if (before && isSingles && group.length === 1) before.push(...group);
    else all.push([...group]);
    isSingles = group.length === 1;
  }
  return all;
}

function folds(name: string, members: readonly AppCommand[]): boolean {
  return members.length >= LONG && (FOLDABLE as readonly string[]).includes(name);
}
