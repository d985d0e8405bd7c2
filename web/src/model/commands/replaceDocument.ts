import type { Document } from "../document/document";
import type { Command } from "../document/history";

/** Take over all of another state of the document but its id, e.g. an earlier version. */
export const replaceDocument: Command<Document> = {
  name: "replaceDocument",
  change(draft, wanted) {
    for (const [field, value] of Object.entries(wanted)) if (field !== "id") draft.setInDocument([field], value);
  },
};
