/** Settings and what helps to find one's way. */
import type { AppCommand } from "./command";

export const HELP: readonly AppCommand[] = [
  { id: "settings", label: "command.settings", menu: "help", group: "settings", keys: ["Ctrl+,"], inFields: true, run: (studio) => studio.ui.setState({ overlay: "settings" }) },
  { id: "shortcuts", label: "command.shortcuts", menu: "help", group: "settings", keys: ["Shift+?"], run: (studio) => studio.ui.setState({ overlay: "shortcuts" }) },
  { id: "packs", label: "command.packs", menu: "help", group: "settings", keys: [], run: (studio) => studio.ui.setState({ overlay: "packs" }) },
  { id: "tour", label: "command.tour", menu: "help", group: "help", keys: [], run: (studio) => studio.ui.setState({ tour: 0 }) },
  { id: "about", label: "command.about", menu: "help", group: "about", keys: [], run: (studio) => studio.ui.setState({ overlay: "about" }) },
];
