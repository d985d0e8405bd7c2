import type { Command } from "../document/history";

/** Give the document another name. */
export const renameDocument: Command<string> = {
  name: "renameDocument",
  change(draft, name) {
    draft.setInDocument(["name"], name);
  },
};
