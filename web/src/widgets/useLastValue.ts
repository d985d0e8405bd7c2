import { graphAt, type NodeId } from "../model/document/document";
import { numeric, type Numeric } from "../model/values/number";
import { useDocument, useDocumentState, useRuntime } from "../state/context";

/** The number that a node's input had in the document's latest run; `null` before the first one. */
export function useLastValue(node: NodeId, port: string): Numeric | null {
  const id = useDocument((document) => document.id);
  const { scope } = useDocumentState((state) => ({ scope: state.scope }));
  return useRuntime(({ jobs }) => {
    const last = jobs.order.find((job) => jobs.ours[job]?.document === id && jobs.ours[job].ran);
    const ran = last === undefined ? undefined : jobs.ours[last]?.ran;
    const value = ran && graphAt(ran, scope).nodes[node]?.values[port];
    return value === undefined || value === null ? null : numeric(value);
  });
}
