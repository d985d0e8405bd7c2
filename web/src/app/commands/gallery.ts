/** Looking at pictures. */
import type { AppCommand } from "./command";

export const GALLERY: readonly AppCommand[] = [
  {
    id: "gallery",
    label: "command.gallery",
    menu: "view",
    group: "panels",
    keys: ["Shift+G"],
    checked: (studio) => studio.ui.getState().gallery,
    run: (studio) => studio.ui.setState(({ gallery }) => ({ gallery: !gallery })),
  },
];
