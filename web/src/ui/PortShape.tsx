/** A port's colour and shape: either alone tells the type. */
interface Props {
  type: string;
  /** A wire ends here. */
  wired?: boolean;
  size?: number;
}

const SHAPES: Readonly<Record<string, string>> = {
  MODEL: "M6 .8 10.6 3.4v5.2L6 11.2 1.4 8.6V3.4Z",
  CLIP: "M6 .4 11.6 6 6 11.6.4 6Z",
  VAE: "M1.6 1.6h8.8v8.8H1.6Z",
  CONDITIONING: "M6 1 11.4 10.6H.6Z",
  LATENT: "M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1Z",
  IMAGE: "M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1Z",
  MASK: "M6 1a5 5 0 0 1 0 10Z",
};
const SMALL = "M6 2.6a3.4 3.4 0 1 1 0 6.8 3.4 3.4 0 0 1 0-6.8Z";
const PLAIN = new Set(["INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "*"]);
const OTHER = "M2.2 3.6a1.4 1.4 0 0 1 1.4-1.4h4.8a1.4 1.4 0 0 1 1.4 1.4v4.8a1.4 1.4 0 0 1-1.4 1.4H3.6a1.4 1.4 0 0 1-1.4-1.4Z";

export function PortShape({ type, wired = true, size = 12 }: Props) {
  const first = type.split(",")[0] ?? type;
  const path = SHAPES[first] ?? (PLAIN.has(first) ? SMALL : OTHER);
  const color = colorOf(type);
  return (
    <svg width={size} height={size} viewBox="0 0 12 12" aria-hidden="true" overflow="visible">
      <path d={path} fill={wired ? color : "var(--canvas)"} stroke={color} strokeWidth={wired ? 0 : 1.6} />
      {first === "IMAGE" && wired && <circle cx="6" cy="6" r="1.7" fill="var(--canvas)" />}
      {first === "MASK" && <path d="M6 1a5 5 0 0 0 0 10" fill="none" stroke={color} strokeWidth="1.3" />}
    </svg>
  );
}

/** The colour of a type's ports and wires. */
export function colorOf(type: string): string {
  const first = type.split(",")[0] ?? type;
  return first in SHAPES ? `var(--type-${first})` : "var(--type-other)";
}
