/** Everything a person can ask for by key, menu, button or palette, in one table. */
import type { AppCommand } from "./command";
import { EDIT } from "./edit";
import { FILES } from "./files";
import { GALLERY } from "./gallery";
import { RUN } from "./run";
import { VIEW } from "./view";

export type { AppCommand, MenuName, Target } from "./command";

export const COMMANDS: readonly AppCommand[] = [...FILES, ...EDIT, ...VIEW, ...GALLERY, ...RUN];

export function commandOf(id: string): AppCommand | undefined {
  return COMMANDS.find((command) => command.id === id);
}
