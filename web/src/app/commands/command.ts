/** What a command of the page is: one row of the table that menus, keys and the palette read. */
import type { TextKey } from "../../i18n/text";
import type { Point } from "../../model/document/document";
import type { Studio } from "../../state/studio";
import type { MenuRequest } from "../../state/ui";

export type MenuName = "file" | "edit" | "arrange" | "view" | "run" | "help";

/** What was pointed at when a context menu was asked for. */
export type Target = MenuRequest["on"];

export interface AppCommand {
  readonly id: string;
  readonly label: TextKey;
  readonly menu: MenuName;
  /** Commands of one group stand together, apart from others. */
  readonly group?: string;
  /** Context menus that it is in. */
  readonly on?: readonly Target[];
  /** Keys as `Ctrl+Shift+Z`; `Ctrl` is the Command key on a Mac. */
  readonly keys: readonly string[];
  /** The browser does it by itself on these keys: they are shown, but not taken from it. */
  readonly native?: boolean;
  /** The keys only count while the canvas has the focus, or nothing has. */
  readonly onCanvas?: boolean;
  /** Also while a text field has the focus. */
  readonly inFields?: boolean;
  /** Whether it can do anything now. */
  readonly enabled?: (studio: Studio) => boolean;
  /** For commands that are on or off. */
  readonly checked?: (studio: Studio) => boolean;
  /** Do it; at a place of the window, where it was asked for at one. */
  readonly run: (studio: Studio, place?: Point) => void;
}
