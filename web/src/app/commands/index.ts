/** Everything a person can ask for by key, menu, button or palette, in one table. */
import { CLIPBOARD } from "./clipboard";
import { ARRANGE } from "./arrange";
import type { AppCommand } from "./command";
import { EDIT } from "./edit";
import { FILES } from "./files";
import { GALLERY } from "./gallery";
import { HELP } from "./help";
import { RUN } from "./run";
import { SCENERY } from "./scenery";
import { SELECT } from "./select";
import { VIEW } from "./view";
import { WALK } from "./walk";
import { WIRES } from "./wires";

export type { AppCommand, MenuName, Target } from "./command";

export const COMMANDS: readonly AppCommand[] = [...FILES, ...EDIT, ...CLIPBOARD, ...VIEW, ...GALLERY, ...RUN, ...HELP];

export function commandOf(id: string): AppCommand | undefined {
  return COMMANDS.find((command) => command.id === id);
}
