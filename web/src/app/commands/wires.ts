/** Wires: wiring by keyboard, swapping, cutting, straightening. */
import { inputOf } from "../../model/catalog/catalog";
import { disconnect, setKnots, swapInputs } from "../../model/commands";
import { Ports } from "../../model/wires/courses";
import type { PortRef, Wire } from "../../model/document/document";
import { refusal, wireInto } from "../../model/wires/connect";
import { middleOf } from "../../model/wires/wirepath";
import { looksOf } from "../../state/moving";
import type { Studio } from "../../state/studio";
import { say } from "../../state/view";
import { t } from "../../i18n/text";
import type { AppCommand } from "./command";
import { hasNodes } from "./select";

export const WIRES: readonly AppCommand[] = [
  { id: "wire", label: "wire.connect", menu: "edit", group: "wire", on: ["node"], keys: ["C"], onCanvas: true, enabled: hasNodes, run: startWiring },
  { id: "swap", label: "wire.swap", menu: "edit", group: "wire", on: ["node", "wire"], keys: ["Alt+S"], enabled: (studio) => swappable(studio) !== null, run: swap },
  { id: "disconnect", label: "wire.disconnect", menu: "edit", group: "wire", on: ["node"], keys: ["Shift+X"], enabled: (studio) => wiresOfNodes(studio).length > 0, run: disconnectAll },
  { id: "knot", label: "wire.addKnot", menu: "edit", group: "wire", on: ["wire"], keys: [], enabled: hasWires, run: addKnots },
  { id: "straighten", label: "wire.straighten", menu: "edit", group: "wire", on: ["wire"], keys: [], enabled: (studio) => chosenWires(studio).some(([, wire]) => wire.knots), run: straighten },
  { id: "knife", label: "tool.knife", menu: "edit", group: "wire", on: ["canvas"], keys: ["K"], run: (studio) => studio.view.setState({ tool: "knife" }) },
];

function startWiring(studio: Studio): void {
  const [node] = studio.view.getState().nodes;
  if (node !== undefined) studio.view.setState({ wiring: { node, from: null } });
}

function chosenWires(studio: Studio): [string, Wire][] {
  const { wires } = studio.documents.graph;
  return [...studio.view.getState().wires].flatMap((key) => {
    const wire = wires[key];
    return wire ? [[key, wire] as [string, Wire]] : [];
  });
}

function hasWires(studio: Studio): boolean {
  return studio.view.getState().wires.size > 0;
}

function wiresOfNodes(studio: Studio): string[] {
  const { nodes } = studio.view.getState();
  const wires = nodes.size ? Object.entries(studio.documents.graph.wires) : [];
  return wires.flatMap(([key, { from, to }]) => (nodes.has(from[0]) || nodes.has(to[0]) ? [key] : []));
}

function disconnectAll(studio: Studio): void {
  const wires = wiresOfNodes(studio);
  studio.documents.run(disconnect, { wires });
  say(studio.view, t("wire.cut", { count: wires.length }));
}

/** The two inputs that would change their wires: of two selected wires, or the first alike of a node. */
function swappable(studio: Studio): [PortRef, PortRef] | null {
  const [first, second, third] = chosenWires(studio);
  if (first && second && !third) return fits(studio, first[1].to, second[1].to) ? [first[1].to, second[1].to] : null;
  const { nodes } = studio.view.getState();
  const [node] = nodes;
  if (node === undefined || nodes.size > 1) return null;
  const { graph } = studio.documents;
  const inputs = studio.workspace.types?.spec(graph.nodes[node]?.type ?? "")?.inputs ?? [];
  for (const [index, port] of inputs.entries()) {
    const twin = inputs.slice(index + 1).find((other) => other.type === port.type && !other.widget);
    if (port.widget || !twin) continue;
    if (wireInto(graph, [node, port.name]) || wireInto(graph, [node, twin.name])) return [[node, port.name], [node, twin.name]];
  }
  return null;
}

function fits({ documents: { graph }, workspace: { types } }: Studio, first: PortRef, second: PortRef): boolean {
  const [a, b] = [wireInto(graph, first), wireInto(graph, second)];
  const may = (wire: Wire | undefined, to: PortRef): boolean => !wire || (types !== null && refusal(graph, types, { from: wire.from, to }) === null);
  return may(a, second) && may(b, first);
}

function swap(studio: Studio): void {
  const ports = swappable(studio);
  if (!ports) return;
  const [first, second] = ports;
  studio.documents.run(swapInputs, { first, second });
  const name = ([node, port]: PortRef): string =>
    inputOf(studio.workspace.types?.spec(studio.documents.graph.nodes[node]?.type ?? ""), port)?.name ?? port;
  say(studio.view, t("wire.swapped", { first: name(first), second: name(second) }));
}

/** A knot in the middle of each selected wire, to be dragged. */
function addKnots(studio: Studio): void {
  const { workspace, settings, documents } = studio;
  if (!workspace.types) return;
  const ports = new Ports(documents.graph, workspace.types, looksOf(workspace, settings));
  for (const [key, wire] of chosenWires(studio)) {
    const knots = wire.knots ?? [];
    const [x, y] = middleOf(ports.course(wire));
    documents.run(setKnots, { wire: key, knots: knots.toSpliced(Math.ceil(knots.length / 2), 0, [Math.round(x), Math.round(y)]) });
  }
}

function straighten(studio: Studio): void {
  const gesture = `straighten:${Date.now()}`;
  for (const [key] of chosenWires(studio)) studio.documents.run(setKnots, { wire: key, knots: [] }, gesture);
}
