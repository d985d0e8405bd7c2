/** Everything a person can ask for by key, menu, button or palette, in one table. */
import { ARRANGE } from "./arrange";
import { CLIPBOARD } from "./clipboard";
import type { AppCommand } from "./command";
import { EDIT } from "./edit";
import { FILES } from "./files";
import { GALLERY } from "./gallery";
import { HELP } from "./help";
import { NODES } from "./nodes";
import { REGION_COMMANDS } from "./regions";
import { RUN } from "./run";
import { SCENERY } from "./scenery";
import { SELECT } from "./select";
import { SUBGRAPHS } from "./subgraphs";
import { VIEW } from "./view";
import { WALK } from "./walk";
import { WIRES } from "./wires";

export type { AppCommand, MenuName, Target } from "./command";

export const COMMANDS: readonly AppCommand[] = [...FILES, ...EDIT, ...CLIPBOARD, ...SELECT, ...WIRES, ...ARRANGE, ...SCENERY, ...NODES, ...VIEW, ...WALK, ...REGION_COMMANDS, ...GALLERY, ...RUN, ...HELP, ...SUBGRAPHS];

export function commandOf(id: string): AppCommand | undefined {
  return COMMANDS.find((command) => command.id === id);
}
