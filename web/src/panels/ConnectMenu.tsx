import { useMemo } from "react";
import type { NodeSpec } from "../model/catalog/catalog";
import { connect } from "../model/commands";
import { refusal, wireInto } from "../model/wires/connect";
import type { Graph, NodeId, Wire } from "../model/document/document";
import { circleMakers } from "../model/wires/inserting";
import { useGraph, useNodeTypes, useStudio, useView } from "../state/context";
import { say, type Connecting } from "../state/view";
import { portLabel } from "../ui/format";
import { ListPopup, type ListItem } from "../ui/ListPopup";
import { PortShape } from "../ui/PortShape";
import { t } from "../i18n/text";
import styles from "./ConnectMenu.module.css";

/** Wiring without a mouse: a port of the node is chosen, then one of the ports that it fits. */
export function ConnectMenu() {
  const wiring = useView((state) => state.wiring);
  if (!wiring) return null;
  return wiring.from ? <Partners from={wiring.from} /> : <Ports node={wiring.node} />;
}

function useAnchor(node: NodeId): HTMLElement {
  return useMemo(() => document.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(node)}"]`) ?? document.body, [node]);
}

function useClose(node: NodeId): () => void {
  const { view } = useStudio();
  return useMemo(
    () => () => {
      view.setState({ wiring: null });
      view.getState().canvas?.focus(node);
    },
    [view, node],
  );
}

function Ports({ node }: { node: NodeId }) {
  const { view } = useStudio();
  const graph = useGraph((all) => all);
  const types = useNodeTypes();
  const spec = types?.spec(graph.nodes[node]?.type ?? "");
  const items = useMemo(() => portItems(graph, node, spec), [graph, node, spec]);
  return (
    <ListPopup<Connecting>
      key="ports"
      id="wiring-ports"
      label={t("wire.choosePort", { title: titleOf(graph, node, spec) })}
      anchor={useAnchor(node)}
      items={items}
      chosen={-1}
      renderRow={Row}
      choose={(from) => view.setState({ wiring: { node, from } })}
      close={useClose(node)}
    />
  );
}

/** Where a wire may end, or `null` for a node that is yet to be added. */
type Partner = Wire | null;

function Partners({ from }: { from: Connecting }) {
  const { documents, view } = useStudio();
  const graph = useGraph((all) => all);
  const types = useNodeTypes();
  const close = useClose(from.node);
  const items = useMemo(() => {
    const found = types ? partnersOf(graph, (type) => types.spec(type), from, (wire, closes) => refusal(graph, types, wire, closes) === null) : [];
    return [...found, { value: null, label: t("wire.newNode"), words: "+" }];
  }, [graph, types, from]);

  function choose(partner: Partner): void {
    if (partner === null) {
      const anchor = view.getState().canvas?.toScreen(graph.nodes[from.node]?.at ?? [0, 0]) ?? [0, 0];
      view.setState({ wiring: null, adding: { screen: anchor, at: null, wire: from } });
      return;
    }
    documents.run(connect, partner);
    const [source, target] = [partner.from, partner.to].map(([node, port]) => `${titleOf(graph, node, types?.spec(graph.nodes[node]?.type ?? ""))} ${port}`);
    say(view, t("wire.connected", { from: source ?? "", to: target ?? "" }));
    close();
  }

  return (
    <ListPopup<Partner>
      key="partners"
      id="wiring-partners"
      label={t("wire.choosePartner", { port: from.port })}
      anchor={useAnchor(from.node)}
      items={items}
      chosen={-1}
      renderRow={Row}
      choose={choose}
      close={close}
    />
  );
}

interface PortItem<T> extends ListItem<T> {
  /** What is shown instead of the label, which names it for the search. */
  readonly port?: string;
  readonly node?: string;
  /** Its port type. */
  readonly type?: string;
  /** What is to be known about it. */
  readonly note?: string;
}

function Row<T>({ label, port, node, type, note }: PortItem<T>) {
  return (
    <span className={styles["row"]}>
      <span className={styles["shape"]}>{type !== undefined && <PortShape type={type} size={10} />}</span>
      <span className={styles["name"]}>{port ?? label}</span>
      {node && <span className={styles["note"]}>{node}</span>}
      {note && <span className={styles["note"]}>{note}</span>}
    </span>
  );
}

function portItems(graph: Graph, node: NodeId, spec: NodeSpec | undefined): PortItem<Connecting>[] {
  const item = (port: { name: string; type: string; label?: string }, side: Connecting["side"]): PortItem<Connecting> => ({
    value: { node, port: port.name, side, type: port.type, closes: circleMakers(graph, node, side) },
    label: `${portLabel(port)} · ${t(side === "output" ? "wire.output" : "wire.input")}`,
    type: port.type,
    words: port.type,
  });
  const inputs = (spec?.inputs ?? []).toSorted((a, b) => Number(Boolean(a.widget)) - Number(Boolean(b.widget)));
  return [...(spec?.outputs ?? []).map((port) => item(port, "output")), ...inputs.map((port) => item(port, "input"))];
}

type May = (wire: Wire, closes: (wire: Wire) => boolean) => boolean;

/** Ports that fit, those first that have no wire yet, are of just that type, and stand nearest. */
function partnersOf(graph: Graph, specOf: (type: string) => NodeSpec | undefined, from: Connecting, may: May): PortItem<Partner>[] {
  const here = graph.nodes[from.node]?.at ?? [0, 0];
  const found: (PortItem<Partner> & { readonly far: number })[] = [];
  for (const [id, node] of Object.entries(graph.nodes)) {
    const spec = specOf(node.type);
    for (const port of (from.side === "output" ? spec?.inputs : spec?.outputs) ?? []) {
      const own = [from.node, from.port] as const;
      const wire: Wire = from.side === "output" ? { from: own, to: [id, port.name] } : { from: [id, port.name], to: own };
      if (!may(wire, () => from.closes?.has(id) ?? false)) continue;
      const taken = from.side === "output" && wireInto(graph, wire.to) !== undefined;
      const field = "widget" in port && Boolean(port.widget);
      const far = Math.hypot(node.at[0] - here[0], node.at[1] - here[1]) + (taken ? 1e6 : 0) + (field ? 1e7 : 0) + (port.type === from.type ? 0 : 1e5);
      const title = titleOf(graph, id, spec);
      found.push({ value: wire, label: `${title} ${portLabel(port)} ${id}`, port: portLabel(port), node: title, type: port.type, far, ...(taken && { note: t("wire.taken") }) });
    }
  }
  return found.toSorted((a, b) => a.far - b.far);
}

function titleOf(graph: Graph, id: NodeId, spec: NodeSpec | undefined): string {
  const node = graph.nodes[id];
  return node?.title ?? spec?.title ?? node?.type ?? id;
}
