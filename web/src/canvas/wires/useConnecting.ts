import type { Connection, FinalConnectionState, OnConnectStartParams } from "@xyflow/react";
import { useEffect, useMemo } from "react";
import { inputOf, outputOf } from "../../model/catalog/catalog";
import { disconnect } from "../../model/commands";
import { bestInput, bestOutput, refusal, wireInto, type Refusal } from "../../model/wires/connect";
import { wireKey, type NodeId, type Wire } from "../../model/document/document";
import { circleMakers } from "../../model/wires/inserting";
import { useStudio, useWorkspace } from "../../state/context";
import type { Studio } from "../../state/studio";
import { joinPorts } from "../../state/subgraphs";
import type { Connecting } from "../../state/view";
import type { Workspace } from "../../state/workspace";
import { t } from "../../i18n/text";
import type { FlowEdge } from "../flow";

/** Drawing, refusing, dropping and moving wires; Escape lets go of the one that is drawn. */
export function useConnecting() {
  const studio = useStudio();
  const workspace = useWorkspace();
  const { abandon, ...handlers } = useMemo(() => connectingHandlers(studio, workspace), [studio, workspace]);
  useEffect(() => {
    const giveUp = (event: KeyboardEvent): void => {
      if (event.key !== "Escape" || !abandon()) return;
      event.preventDefault();
      event.stopPropagation();
    };
    addEventListener("keydown", giveUp, true);
    return () => removeEventListener("keydown", giveUp, true);
  }, [abandon]);
  return handlers;
}

function connectingHandlers(studio: Studio, workspace: Workspace) {
  const { documents, view } = workspace;
  // The wire whose end is being moved.
  let reconnected: string | null = null;
  // It is given up: what xyflow says at its end counts for nothing.
  let abandoned = false;

  function isValidConnection(connection: Connection | FlowEdge): boolean {
    const wire = wireOf(connection);
    const why = wire ? refusalOf(studio, wire, view.getState().connecting) : null;
    const words = why ? refusalWords(why) : "";
    if (view.getState().refusal !== words) view.setState({ refusal: words });
    return wire !== null && why === null;
  }

  function end(event: MouseEvent | TouchEvent, state: FinalConnectionState): void {
    const { connecting } = view.getState();
    view.setState({ connecting: null, refusal: "" });
    if (!connecting || state.isValid || reconnected !== null || abandoned) return;
    if (!state.toHandle) dropped(studio, connecting, event);
    else if (view.getState().refusal) studio.notify(view.getState().refusal);
  }

  return {
    /** False if no wire is drawn. */
    abandon(): boolean {
      if (!view.getState().connecting) return false;
      abandoned = true;
      // xyflow knows one end of a drag: that the button is let go.
      document.dispatchEvent(new MouseEvent("mouseup"));
      return true;
    },
    isValidConnection,
    onConnectStart(_: unknown, params: OnConnectStartParams): void {
      abandoned = false;
      view.setState({ connecting: connectingFrom(studio, params), refusal: "", adding: null });
    },
    onConnect(connection: Connection): void {
      const wire = wireOf(connection);
      if (wire && !abandoned && !refusalOf(studio, wire)) joinPorts(workspace, wire);
    },
    onConnectEnd: end,
    onReconnectStart(_: unknown, edge: FlowEdge): void {
      reconnected = edge.id;
    },
    onReconnect(old: FlowEdge, connection: Connection): void {
      const wire = wireOf(connection);
      reconnected = null;
      if (wire && !abandoned && !refusalOf(studio, wire)) joinPorts(workspace, wire, old.id);
    },
    onReconnectEnd(_: unknown, __: unknown, ___: unknown, state: FinalConnectionState): void {
      view.setState({ connecting: null, refusal: "" });
      if (reconnected !== null && !abandoned && !state.isValid && !state.toHandle)
        documents.run(disconnect, { wires: [reconnected] });
      reconnected = null;
    },
  };
}

function wireOf({ source, target, sourceHandle, targetHandle }: Connection | FlowEdge): Wire | null {
  if (!sourceHandle || !targetHandle) return null;
  return { from: [source, sourceHandle], to: [target, targetHandle] };
}

/** While a wire is drawn, the nodes that would close a circle are known and not searched again. */
function refusalOf({ workspace: { types, documents } }: Studio, wire: Wire, drawn: Connecting | null = null): Refusal | null {
  if (!types) return { code: "unknown_port" };
  const closes = drawn?.closes;
  if (!drawn || !closes) return refusal(documents.graph, types, wire);
  return refusal(documents.graph, types, wire, ({ from, to }) => closes.has(drawn.side === "output" ? to[0] : from[0]));
}

function refusalWords(why: Refusal): string {
  return t(`connect.${why.code}`, why.code === "wrong_type" ? { given: why.given, wanted: why.wanted } : {});
}

function connectingFrom(studio: Studio, params: OnConnectStartParams): Connecting | null {
  const { nodeId: node, handleId: port, handleType } = params;
  if (!node || !port) return null;
  const spec = studio.workspace.types?.spec(studio.documents.graph.nodes[node]?.type ?? "");
  const side = handleType === "source" ? "output" : "input";
  const type = side === "output" ? outputOf(spec, port)?.type : inputOf(spec, port)?.type;
  return { node, port, side, type: type ?? "*", closes: circleMakers(studio.documents.graph, node, side) };
}

/** A wire let go away from any port: onto a node it takes the best input, onto nothing it asks for a node. */
function dropped(studio: Studio, connecting: Connecting, event: MouseEvent | TouchEvent): void {
  const { documents, view } = studio;
  const known = studio.workspace.types;
  const [x, y] = "clientX" in event ? [event.clientX, event.clientY] : touchPoint(event);
  const target = document.elementFromPoint(x, y);
  const node = target?.closest<HTMLElement>(".react-flow__node")?.dataset["id"] ?? paintedAt(studio, x, y);
  if (node && known && connecting.side === "output") {
    const from = [connecting.node, connecting.port] as const;
    const port = bestInput(documents.graph, known, from, node);
    if (port && !wireInto(documents.graph, [node, port])) joinPorts(studio.workspace, { from, to: [node, port] });
  } else if (node && known && node !== connecting.node) {
    const to = [connecting.node, connecting.port] as const;
    const port = bestOutput(documents.graph, known, to, node);
    if (port) joinPorts(studio.workspace, { from: [node, port], to });
  } else if (connecting.side === "input" && wireInto(documents.graph, [connecting.node, connecting.port])) {
    // A wire pulled out of its input and let go of is unplugged.
    documents.run(disconnect, { wires: [wireKey([connecting.node, connecting.port])] });
  } else if (target?.classList.contains("react-flow__pane")) {
    const at = view.getState().canvas?.pointer() ?? [0, 0];
    view.setState({ adding: { screen: [x, y], at, wire: connecting } });
  }
}

/** The node that is painted at a place of the window, far out. */
function paintedAt({ view }: Studio, x: number, y: number): NodeId | undefined {
  const hit = view.getState().canvas?.hit(x, y);
  return hit?.kind === "node" ? hit.id : undefined;
}

function touchPoint(event: TouchEvent): [number, number] {
  const touch = event.changedTouches[0];
  return [touch?.clientX ?? 0, touch?.clientY ?? 0];
}

