import { setControl, setValue } from "../model/commands";
import { INPUTS } from "../model/subgraphs/border";
import { wireKey, type Json, type NodeId, type SeedControl } from "../model/document/document";
import type { Port } from "../model/catalog/catalog";
import { useGraph, useProblems, useRunId, useWorkspace } from "../state/context";
import type { WidgetProps } from "./types";

/** A widget's value in the document and the ways to change it; the same on the node and beside it. */
export function useWidget(node: NodeId, port: Port): WidgetProps & { wired: boolean } {
  const { documents } = useWorkspace();
  const own = useGraph((graph) => Object.hasOwn(graph.nodes[node]?.values ?? {}, port.name));
  // An instance that says a value itself has it fixed, unless it says how it changes.
  const inherited = own ? undefined : port.control;
  const held = useGraph((graph) => graph.nodes[node]?.values[port.name]);
  const value = own ? held : port.default;
  const control = useGraph((graph) => graph.nodes[node]?.controls?.[port.name]) ?? inherited;
  // What a port of the border feeds has a value inside all the same: where an instance says none, it holds.
  const wired = useGraph(({ wires }) => (wires[wireKey([node, port.name])]?.from[0] ?? INPUTS) !== INPUTS);
  const inRuns = useRunId(node);
  const problem = useProblems(({ byNode }) => byNode[inRuns]?.find((item) => item.port === port.name) ?? null);
  return {
    node,
    port,
    value,
    control,
    wired,
    problem,
    change: (next: Json, gesture?: string) =>
      documents.run(setValue, [{ node, port: port.name, value: next }], gesture && `${node}:${gesture}`),
    changeControl: (next: SeedControl, gesture?: string) =>
      documents.run(setControl, { node, port: port.name, control: next }, gesture && `${node}:${gesture}`),
  };
}
