import type { MouseEvent } from "react";
import { isNodeKey } from "../model/layout/boxes";
import { choose, select, type ViewStore } from "../state/view";

/**
 * A click on one of several that are selected selects it alone. The press before it leaves them
 * all selected, so that they can be dragged; nor does a click into a field of it change that.
 */
export function singleOut(view: ViewStore, event: MouseEvent, key: string): void {
  const { nodes, scenery } = view.getState();
  if (nodes.size + scenery.size < 2 || !(nodes.has(key) || scenery.has(key))) return;
  if (event.shiftKey || event.ctrlKey || event.metaKey || (event.target as Element).closest(".nodrag, button")) return;
  select(view, isNodeKey(key) ? [key] : []);
  if (!isNodeKey(key)) choose(view, key, false);
}
