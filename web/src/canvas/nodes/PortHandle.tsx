import { Handle, Position } from "@xyflow/react";
import { accepts } from "../../model/catalog/catalog";
import { wireKey } from "../../model/document/document";
import { isUsed } from "../../model/document/wiring";
import { useGraph, useView } from "../../state/context";
import { label } from "../../ui/format";
import { PortShape } from "../../ui/PortShape";
import styles from "./Node.module.css";

interface Props {
  node: string;
  name: string;
  type: string;
  side: "input" | "output";
  y: number;
  /** A widget's port: out of sight until it is wired or could be. */
  quiet?: boolean;
}

/** Where wires start and end. While a wire is drawn, ports that fit light up and others fade. */
export function PortHandle({ node, name, type, side, y, quiet = false }: Props) {
  const wired = useGraph(({ wires }) => (side === "input" ? wireKey([node, name]) in wires : isUsed(wires, [node, name])));
  const fit = useView(({ connecting }) => {
    if (!connecting) return "";
    if (connecting.node === node) return connecting.port === name && connecting.side === side ? "" : "unfit";
    if (connecting.side === side || connecting.closes?.has(node)) return "unfit";
    const fits = side === "input" ? accepts(type, connecting.type) : accepts(connecting.type, type);
    return fits ? "fit" : "unfit";
  });
  const look = [styles["port"], quiet && !wired && styles["quietPort"], fit && styles[fit]];
  return (
    <Handle
      id={name}
      type={side === "input" ? "target" : "source"}
      position={side === "input" ? Position.Left : Position.Right}
      className={look.filter(Boolean).join(" ")}
      style={{ top: y }}
      role="img"
      aria-label={`${label(name)}: ${type}`}
      title={type}
    >
      <PortShape type={type} wired={wired || side === "output"} />
    </Handle>
  );
}
