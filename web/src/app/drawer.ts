/** Side panels where there is no room for both: each lies over the canvas until it is put away. */
import type { Studio } from "../state/studio";
import { isField } from "./fields";

/** As in `App.module.css`. */
const NARROW = "(max-width: 1050px)";

/** Put the open side panel away, and give the keyboard to its button. False if there is none, or if a field has the key. */
export function putAway(studio: Studio, target: EventTarget | null): boolean {
  const { panel } = studio.ui.getState();
  const isSearch = target instanceof HTMLInputElement && target.type === "search";
  if (!panel || (isField(target) && !isSearch) || !matchMedia(NARROW).matches) return false;
  studio.ui.setState({ panel: null });
  document.querySelector<HTMLElement>(`button[data-tour="${panel}"]`)?.focus();
  return true;
}
