/** Colours that a person may give to nodes, frames and notes: names, which each theme draws its own way. */
export const TINTS = ["red", "orange", "yellow", "green", "teal", "blue", "violet", "pink", "grey"] as const;

export type Tint = (typeof TINTS)[number];

/** The CSS colour of a document's colour: a name of ours, or a colour that another program wrote. */
export function tintOf(color: string | undefined): string {
  if (!color) return "transparent";
  if (isTint(color)) return `var(--tint-${color})`;
  return /^#([\da-f]{3}|[\da-f]{6})$/i.test(color) ? color : "transparent";
}

/** Frames and notes without a colour are grey: they could not be seen otherwise. */
export function sceneryTint(color: string | undefined): string {
  return tintOf(color ?? "grey");
}

function isTint(color: string): color is Tint {
  return (TINTS as readonly string[]).includes(color);
}
